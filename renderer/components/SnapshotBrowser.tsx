/** Looking into one snapshot: its folders, a search in all of them, and what is ticked. The pages add what can be done with that. */
import { useState, type ReactElement, type ReactNode } from 'react';
import { Form, Input, Label, SearchField } from 'react-aria-components';
import { baseName, parentPath } from '../../main/shared/restore.js';
import type { Found, FoundVersion } from '../../main/shared/restores.js';
import { countText } from '../../main/shared/text.js';
import { useAction } from './action.js';
import { Button } from './controls.js';
import { Icon } from './Icon.js';
import { FoundVersions, SnapshotFolder, type SnapshotSource } from './SnapshotFiles.js';
import { ErrorNotice } from './status.js';

export interface Ticked {
  readonly paths: readonly string[];
  /** `"letters"`, or `3 files and folders`. */
  readonly what: string;
  clear(): void;
}

interface Props {
  readonly source: SnapshotSource;
  readonly snapshotId: string;
  /** The folder to begin in. */
  readonly top: string;
  /** ms since the epoch */
  readonly now: number;
  onSnapshot(id: string): void;
  /** What stands before the search: which job, which snapshot. */
  readonly chooser: ReactNode;
  /** Below the folders; not shown beside what was found. */
  readonly children: (ticked: Ticked) => ReactNode;
}

export function SnapshotBrowser({ source, snapshotId, top, now, onSnapshot, chooser, children }: Props): ReactElement {
  const action = useAction();
  const [folder, setFolder] = useState(top);
  const [ticked, setTicked] = useState<{ snapshotId: string; paths: ReadonlySet<string> }>({ snapshotId, paths: new Set() });
  const [text, setText] = useState('');
  const [found, setFound] = useState<{ text: string; found: Found } | null>(null);
  // what is ticked is of one snapshot: of another one it may not be there
  const chosen = ticked.snapshotId === snapshotId ? ticked.paths : new Set<string>();
  const paths = [...chosen];
  const [only] = paths;
  const what = paths.length === 1 && only !== undefined ? `"${baseName(only)}"` : countText(paths.length, 'entry', 'files and folders');
  const tick = (next: ReadonlySet<string>): void => setTicked({ snapshotId, paths: next });
  const search = async (): Promise<void> => {
    if (text.trim() === '') setFound(null);
    else await action.run(async () => setFound({ text: text.trim(), found: await source.find(text) }));
  };
  const show = (version: FoundVersion): void => {
    onSnapshot(version.snapshotId);
    setFolder(parentPath(version.path));
    setTicked({ snapshotId: version.snapshotId, paths: new Set([version.path]) });
    setFound(null);
  };
  return (
    <>
      <div className="restore__choice">
        {chooser}
        <Form className="row push" onSubmit={(event) => { event.preventDefault(); void search(); }}>
          <SearchField className="row" value={text} onChange={setText} onClear={() => setFound(null)}>
            <Label className="field__label">Find in all backups</Label>
            <Input className="field__input" placeholder="Part of a name" />
          </SearchField>
          <Button type="submit" isDisabled={action.pending}><Icon name="search" />{action.pending ? 'Searching…' : 'Find'}</Button>
        </Form>
      </div>
      <ErrorNotice error={action.error} />
      {found === null
        ? <SnapshotFolder source={source} snapshotId={snapshotId} folder={folder} onFolder={setFolder} chosen={chosen} onChoose={tick} />
        : <><div><Button onPress={() => setFound(null)}>Back to the folders</Button></div><FoundVersions found={found.found} text={found.text} now={now} onShow={show} /></>}
      {found === null ? children({ paths, what, clear: () => tick(new Set()) }) : null}
    </>
  );
}
