/** A second backup looks at folders without reading their entries: whatever has changed below, the tree is restic's. */
import { chmodSync, linkSync, mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createLocalEngine, type BackupSummary } from '../../../main/backup/index.js';
import { Files } from '../../../main/backup/posix/files.js';
import { makeKeyCheap } from '../../helpers/cheap-key.js';
import { Restic } from '../../helpers/restic.js';
import { temporaryFolder } from '../../helpers/trees.js';

const folder = temporaryFolder();
const engine = createLocalEngine();
const repository = { url: join(folder.path, 'repo'), password: 'pw' };
const restic = new Restic(repository.url, 'pw', folder.path);
const source = join(folder.path, 'src');
const at = (...parts: string[]): string => join(source, ...parts);

const backup = (to = repository): Promise<BackupSummary> => engine.backup({ repository: to, paths: ['src'], workingFolder: folder.path });

function attribute(name: string, value: string): void {
  new Files().setXattrs(at('odd', 'hard link'), [{ name, value: Buffer.from(value) }], false);
}

/** The tree that restic makes of the same files, all read again. */
async function treeOfRestic(by = restic): Promise<string | undefined> {
  const { snapshot_id: id } = await by.backup(['src'], { cwd: folder.path, args: ['--force'] });
  return (await by.snapshots()).find((s) => s.id.startsWith(id))?.tree;
}

beforeAll(async () => {
  // more folders than one thread looks at, five levels deep
  for (let i = 0; i < 150; i++) {
    const place = at(`a${i % 5}`, `b${i % 15}`, `c${i % 50}`, `d${i}`);
    mkdirSync(place, { recursive: true });
    writeFileSync(join(place, 'file'), `content of ${i}`);
    writeFileSync(join(place, 'empty'), '');
    symlinkSync(`target "${i}" \\ é`, join(place, 'odd link'));
    symlinkSync('file', join(place, 'link'));
  }
  mkdirSync(at('odd'));
  writeFileSync(at('odd', 'say "hello" <&> ]}\n'), 'odd');
  mkdirSync(at('odd', '},{"name":"x'));
  writeFileSync(at('odd', '},{"name":"x', 'inside'), 'inside');
  mkdirSync(at('only folders', 'x', 'y'), { recursive: true });
  linkSync(at('a0', 'b0', 'c0', 'd0', 'file'), at('odd', 'hard link'));
  attribute('user.],"content":', 'a value');
  attribute('user.two', 'another');
  execFileSync('mkfifo', [at('odd', 'pipe')]);
  await engine.init({ repository });
  await makeKeyCheap(repository.url, repository.password);
  await backup();
});
afterAll(() => { folder.remove(); });

test('nothing has changed: no entry counts as anything else, and no tree is added', async () => {
  const summary = await backup();
  expect(summary).toMatchObject({ files_new: 0, files_changed: 0, files_unmodified: 303, dirs_new: 0, dirs_changed: 0, data_added: 0, tree_blobs: 0 });
  expect(summary.dirs_unmodified).toBe(326);
  expect(summary.tree_id).toBe(await treeOfRestic());
});

const changes: [string, () => void, Partial<BackupSummary>][] = [
  ['a file deep below', () => { writeFileSync(at('a1', 'b1', 'c1', 'd1', 'file'), 'it has changed'); }, { files_changed: 1, files_new: 0, dirs_changed: 5 }],
  ['a file more', () => { writeFileSync(at('a2', 'b2', 'c2', 'd2', 'new'), 'new'); }, { files_new: 1, files_changed: 0 }],
  ['a file less', () => { rmSync(at('a3', 'b3', 'c3', 'd3', 'file')); }, { files_new: 0, files_changed: 0 }],
  ['the mode of a folder', () => { chmodSync(at('a4', 'b4', 'c4'), 0o700); }, { files_new: 0, files_changed: 0 }],
  ['a folder moved', () => { renameSync(at('a0', 'b0'), at('a1', 'b0')); }, {}],
  ['a folder that is a file now', () => { rmSync(at('only folders', 'x'), { recursive: true }); writeFileSync(at('only folders', 'x'), 'a file'); }, { files_new: 1 }],
  ['an attribute', () => { attribute('user.two', 'changed'); }, {}],
  ['the target of a link', () => { rmSync(at('a1', 'b1', 'c1', 'd1', 'link')); symlinkSync('empty', at('a1', 'b1', 'c1', 'd1', 'link')); }, { files_new: 0, files_changed: 0 }],
  ['the last entry of a folder', () => { writeFileSync(at('a2', 'zz'), 'last'); }, { files_new: 1 }],
];

test.each(changes)('%s', async (_what, change, expected) => {
  change();
  const summary = await backup();
  expect(summary).toMatchObject({ ...expected, error_count: 0 });
  expect(summary.tree_id).toBe(await treeOfRestic());
});

test('a key that takes its time: what was seen meanwhile is what is there', async () => {
  const slow = { url: join(folder.path, 'slow'), password: 'pw' };
  await engine.init({ repository: slow });
  await backup(slow);
  expect(await backup(slow)).toMatchObject({ files_new: 0, files_changed: 0, dirs_changed: 0, tree_blobs: 0 });
  for (const [, change] of changes.slice(0, 2)) change();
  const summary = await backup(slow);
  expect(summary.tree_id).toBe(await treeOfRestic(new Restic(slow.url, 'pw', folder.path)));
});
