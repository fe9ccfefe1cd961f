/** Step 1: which folders, databases and sites. The usual folders are selected already. */
import { useEffect, useState, type ReactElement } from 'react';
import { CheckboxGroup, Link } from 'react-aria-components';
import type { SuggestedFolder } from '../../../main/shared/ipc.js';
import type { DatabaseSource } from '../../../main/shared/sources.js';
import { Button, CheckChoice } from '../../components/controls.js';
import { Icon } from '../../components/Icon.js';
import { ErrorNotice } from '../../components/status.js';
import { useAction } from '../../components/action.js';
import { useApi } from '../app/context.js';
import { SourcesSection } from './SourcesSection.js';
import { Step } from './Step.js';

interface FoldersStepProps {
  initial: readonly string[];
  initialSources: readonly DatabaseSource[];
  isFirst: boolean;
  onNext: (paths: readonly string[], sources: readonly DatabaseSource[]) => void;
  onCancel: () => void;
  onJoin: () => void;
}

export function FoldersStep({ initial, initialSources, isFirst, onNext, onCancel, onJoin }: FoldersStepProps): ReactElement {
  const api = useApi();
  const loading = useAction();
  const choosing = useAction();
  const { run } = loading;
  const [folders, setFolders] = useState<SuggestedFolder[]>([]);
  const [selected, setSelected] = useState<string[]>([...initial]);
  const [sources, setSources] = useState(initialSources);
  const isEmpty = selected.length === 0 && sources.length === 0;

  useEffect(() => {
    void run(async () => {
      const { folders: suggested } = await api.call('suggestFolders', {});
      const extra = initial.filter((path) => !suggested.some((folder) => folder.path === path));
      setFolders([...suggested, ...extra.map((path) => ({ path, name: path.split('/').at(-1) || path, selected: true }))]);
      if (initial.length === 0 && initialSources.length === 0) setSelected(suggested.filter((folder) => folder.selected).map((folder) => folder.path));
    });
  }, [api, run, initial, initialSources]);

  const add = async (): Promise<void> => {
    const { paths } = await api.call('chooseFolders', {});
    setFolders((old) => [...old, ...paths.filter((path) => !old.some((folder) => folder.path === path)).map((path) => ({ path, name: path.split('/').at(-1) || path, selected: true }))]);
    setSelected((old) => [...new Set([...old, ...paths])]);
  };

  return (
    <Step
      title="What should be backed up?"
      lead={isFirst ? 'Holdfast keeps encrypted copies of these folders, and looks after them by itself from then on.' : 'Choose the folders of the new job.'}
      foot={(
        <>
          {isFirst
            ? <span className="small quiet">Does your office run a hub? <Link className="link" onPress={onJoin}>Join it with a setup link</Link></span>
            : <Button onPress={onCancel}>Cancel</Button>}
          <span className="push"><Button look="primary" large isDisabled={isEmpty} onPress={() => onNext(selected, sources)}>Continue</Button></span>
        </>
      )}
    >
      <ErrorNotice error={loading.error ?? choosing.error} />
      <CheckboxGroup className="setup__list" aria-label="Folders to back up" value={selected} onChange={setSelected}>
        {folders.map((folder) => <CheckChoice key={folder.path} value={folder.path} name={folder.name} detail={folder.path} />)}
      </CheckboxGroup>
      <div className="row">
        <Button isDisabled={choosing.pending} onPress={() => void choosing.run(add)}><Icon name="folder" />Add a folder…</Button>
        {isEmpty && folders.length > 0 ? <span className="quiet" role="status">Choose at least one folder to continue.</span> : null}
      </div>
      <SourcesSection sources={sources} folders={selected} onChange={setSources} />
    </Step>
  );
}
