/** Where to, and what becomes of files that are there. */
import { useState, type ReactElement } from 'react';
import { Label, RadioGroup } from 'react-aria-components';
import { overwriteRules, overwriteText, type OverwriteRule } from '../../../main/shared/restores.js';
import { useAction } from '../../components/action.js';
import { Button, Modal, RadioChoice, Select } from '../../components/controls.js';
import { ErrorNotice } from '../../components/status.js';
import { useApi } from '../app/context.js';

interface Props {
  jobId: string;
  snapshotId: string;
  paths: readonly string[];
  /** `"letters"`, `3 files and folders`. */
  what: string;
  onClose: () => void;
  /** It has begun. */
  onBegun: () => void;
}

export function RestoreDialog({ jobId, snapshotId, paths, what, onClose, onBegun }: Props): ReactElement {
  const api = useApi();
  const action = useAction();
  const [where, setWhere] = useState<'original' | 'folder'>('original');
  const [folder, setFolder] = useState<string | null>(null);
  const [overwrite, setOverwrite] = useState<OverwriteRule>('keep-newer');
  const choose = async (): Promise<void> => {
    const { path } = await api.call('chooseRestoreFolder', {});
    if (path !== null) setFolder(path);
  };
  const begin = async (): Promise<void> => {
    const place = where === 'original' || folder === null ? { type: 'original' as const } : { type: 'folder' as const, path: folder };
    if (await action.run(() => api.call('restoreFiles', { jobId, snapshotId, paths: [...paths], place, overwrite }))) onBegun();
  };
  return (
    <Modal isOpen onClose={onClose} label={`Restore ${what}`}>
      <div className="stack">
        <h2>Restore {what}</h2>
        <RadioGroup className="field" value={where} onChange={(value) => setWhere(value === 'folder' ? 'folder' : 'original')}>
          <Label className="field__label">Where to</Label>
          <div className="setup__list">
            <RadioChoice value="original" name="Where it was" />
            <RadioChoice value="folder" name="Another folder" {...(folder === null ? {} : { detail: folder })} />
          </div>
        </RadioGroup>
        {where === 'folder' ? <div><Button onPress={() => void action.run(choose)}>{folder === null ? 'Choose a folder…' : 'Choose another folder…'}</Button></div> : null}
        <Select label="Files that are there" value={overwrite} onChange={setOverwrite} options={overwriteRules.map((id) => ({ id, name: overwriteText[id] }))} />
        {overwrite === 'replace' ? <p className="small">What is in these files now is lost, also where it is newer than the backup.</p> : null}
        <ErrorNotice error={action.error} />
        <div className="row row--end">
          <Button onPress={onClose}>Cancel</Button>
          <Button look="primary" isDisabled={action.pending || (where === 'folder' && folder === null)} onPress={() => void begin()}>Restore</Button>
        </div>
      </div>
    </Modal>
  );
}
