/** What is in a snapshot, folder by folder, to be ticked; and where a name was found. For the window and the dashboard alike. */
import { useCallback, useEffect, useState, type ReactElement } from 'react';
import { Button as AriaButton, Checkbox, GridList, GridListItem, type Selection } from 'react-aria-components';
import { asHoldfastError, type ErrorShape } from '../../main/shared/errors.js';
import { baseName, childPath, dumpAt, dumpName, parentPath } from '../../main/shared/restore.js';
import type { FolderEntry, FolderPage, Found, FoundVersion } from '../../main/shared/restores.js';
import { bytesText, countText } from '../../main/shared/text.js';
import { Button } from './controls.js';
import { Icon } from './Icon.js';
import { ErrorNotice } from './status.js';

/** Where the page gets its answers from: the agent itself, or a hub that asks it. */
export interface SnapshotSource {
  folder(snapshotId: string, folder: string, skip: number): Promise<FolderPage>;
  find(text: string): Promise<Found>;
}

const day = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short', year: 'numeric', hour: '2-digit', minute: '2-digit' });
const clock = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit' });
const weekday = new Intl.DateTimeFormat('en-GB', { weekday: 'short' });

/** `Today 14:02`, `Yesterday 09:30`, `Mon 3 Nov 2025, 14:02`. @param now ms since the epoch */
export function snapshotText(time: string, now: number): string {
  const at = new Date(time);
  const daysAgo = Math.round((new Date(now).setHours(0, 0, 0, 0) - new Date(time).setHours(0, 0, 0, 0)) / 86_400_000);
  if (daysAgo === 0) return `Today ${clock.format(at)}`;
  return daysAgo === 1 ? `Yesterday ${clock.format(at)}` : `${weekday.format(at)} ${day.format(at)}`;
}

interface FolderProps {
  source: SnapshotSource;
  snapshotId: string;
  folder: string;
  onFolder: (folder: string) => void;
  /** Paths. */
  chosen: ReadonlySet<string>;
  onChoose: (chosen: Set<string>) => void;
}

interface Shown { readonly key: string; readonly entries: readonly FolderEntry[]; readonly total: number }

export function SnapshotFolder({ source, snapshotId, folder, onFolder, chosen, onChoose }: FolderProps): ReactElement {
  const key = `${snapshotId} ${folder}`;
  const [shown, setShown] = useState<Shown | null>(null);
  const [failure, setFailure] = useState<{ key: string; error: ErrorShape } | null>(null);
  const load = useCallback(async (skip: number, before: readonly FolderEntry[]) => {
    try {
      const { entries, total } = await source.folder(snapshotId, folder, skip);
      setShown({ key, entries: [...before, ...entries], total });
    } catch (thrown) {
      setFailure({ key, error: asHoldfastError(thrown).toShape() });
    }
  }, [source, snapshotId, folder, key]);
  useEffect(() => {
    let over = false;
    source.folder(snapshotId, folder, 0).then(
      ({ entries, total }) => { if (!over) setShown({ key, entries, total }); },
      (thrown: unknown) => { if (!over) setFailure({ key, error: asHoldfastError(thrown).toShape() }); },
    );
    return () => { over = true; };
  }, [source, snapshotId, folder, key]);

  const page = shown?.key === key ? shown : null;
  const paths = page?.entries.map(({ name }) => childPath(folder, name)) ?? [];
  const choose = (selection: Selection): void => {
    const others = [...chosen].filter((path) => parentPath(path) !== folder);
    onChoose(new Set([...others, ...(selection === 'all' ? paths : [...selection].map(String))]));
  };
  return (
    <>
      <Crumbs folder={folder} onFolder={onFolder} />
      {failure?.key === key ? <ErrorNotice error={failure.error} /> : page === null ? <p className="quiet" role="status">Looking into the backup…</p> : (
        <>
          <GridList
            aria-label={folder === '/' ? 'What was backed up' : `In ${folder}`} className="files" selectionMode="multiple" selectedKeys={paths.filter((path) => chosen.has(path))} onSelectionChange={choose}
            renderEmptyState={() => <p className="files__empty quiet">This folder was empty.</p>}
          >
            {page.entries.map((entry) => <Row key={entry.name} entry={entry} path={childPath(folder, entry.name)} onFolder={onFolder} />)}
          </GridList>
          {page.entries.length < page.total ? (
            <div className="row"><span className="quiet small">{page.entries.length.toLocaleString('en-US')} of {countText(page.total, 'entry', 'entries')}</span>
              <Button onPress={() => void load(page.entries.length, page.entries)}>Show more</Button></div>
          ) : null}
        </>
      )}
    </>
  );
}

function Row({ entry, path, onFolder }: { entry: FolderEntry; path: string; onFolder: (folder: string) => void }): ReactElement {
  const { mtime, name, size, type } = entry;
  const dump = type === 'file' ? dumpAt(path) : null;
  return (
    <GridListItem id={path} textValue={name} className="files__row">
      <Checkbox slot="selection" className="files__tick"><span className="choice__mark"><Icon name="check" /></span></Checkbox>
      <Icon name={type === 'dir' ? 'folder' : dump === null ? 'file' : 'disk'} />
      <span className="files__name">
        {type === 'dir' ? <AriaButton className="link" aria-label={`Open ${name}`} onPress={() => onFolder(path)}>{name}</AriaButton> : name}
        {dump === null ? null : <span className="small quiet"> {dumpName(dump)}</span>}
      </span>
      <span className="files__size">{size === null || type === 'dir' ? '' : bytesText(size)}</span>
      <span className="files__time quiet">{day.format(new Date(mtime))}</span>
    </GridListItem>
  );
}

function Crumbs({ folder, onFolder }: { folder: string; onFolder: (folder: string) => void }): ReactElement {
  const parts = folder.split('/').filter((part) => part !== '');
  const crumbs = [{ name: 'Everything', path: '/' }, ...parts.map((name, i) => ({ name, path: `/${parts.slice(0, i + 1).join('/')}` }))];
  return (
    <nav aria-label="Folder" className="crumbs">
      {crumbs.map(({ name, path }, i) => (
        <span key={path} className="crumbs__part">
          {i === 0 ? null : <span aria-hidden="true" className="quiet">/</span>}
          {path === folder ? <span aria-current="true">{name}</span> : <AriaButton className="link" onPress={() => onFolder(path)}>{name}</AriaButton>}
        </span>
      ))}
    </nav>
  );
}

interface FoundProps {
  found: Found;
  text: string;
  now: number;
  /** Go to its folder in its snapshot. */
  onShow: (version: FoundVersion) => void;
}

export function FoundVersions({ found: { found, more }, text, now, onShow }: FoundProps): ReactElement {
  if (found.length === 0) return <p className="quiet" role="status">No backup of this job has a name with “{text}” in it.</p>;
  return (
    <>
      <p className="quiet small" role="status">{countText(found.length, 'version')} found{more ? '; there are more, so type more of the name' : ''}. Each is shown in the newest backup that has it.</p>
      <ul className="files" aria-label="Found">
        {found.map((version) => (
          <li key={`${version.snapshotId} ${version.path}`} className="files__row">
            <Icon name={version.type === 'dir' ? 'folder' : 'file'} />
            <span className="files__name">{baseName(version.path)}<br /><span className="small quiet">{parentPath(version.path)}</span></span>
            <span className="files__size">{version.size === null ? '' : bytesText(version.size)}</span>
            <span className="files__time quiet">{snapshotText(version.snapshotTime, now)}</span>
            <Button look="quiet" aria-label={`Show ${version.path} as of ${snapshotText(version.snapshotTime, now)}`} onPress={() => onShow(version)}>Show</Button>
          </li>
        ))}
      </ul>
    </>
  );
}
