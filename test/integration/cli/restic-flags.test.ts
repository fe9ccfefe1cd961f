/** Flags that restic has too, compared with what restic itself prints for the same repository. */
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { makeKeyCheap } from '../../helpers/cheap-key.js';
import { runOk } from '../../helpers/processes.js';
import { removeTree, tempFolder } from '../../helpers/temp.js';
import { home, type Home } from './holdfast.js';

afterAll(() => removeTree(base.folder));

const env = { RESTIC_PASSWORD: 'pw' };
const restic = async <T>(repo: string, ...args: string[]): Promise<T> => JSON.parse(await runOk('restic', ['-r', repo, '--no-cache', '--json', ...args], { env })) as T;

let base: Home;
let repo = '';
let files = '';
const json = async <T>(...args: string[]): Promise<T> => {
  const { code, stderr, stdout } = await base.holdfast(...args, '--repo', repo, '--json');
  expect(stderr).toBe('');
  expect(code).toBe(0);
  return JSON.parse(stdout) as T;
};

beforeAll(async () => {
  base = home({ HOLDFAST_PASSWORD: 'pw' }, tempFolder({ keep: true }));
  repo = path.join(base.folder, 'repo');
  files = path.join(base.folder, 'files');
  mkdirSync(path.join(files, 'sub'), { recursive: true });
  writeFileSync(path.join(files, 'a'), 'alpha');
  writeFileSync(path.join(files, 'sub', 'b'), 'beta');
  await base.holdfast('init', '--repo', repo);
  await makeKeyCheap(repo, 'pw');
  await base.holdfast('backup', '--repo', repo, files, '--tag', 'one', '--host', 'here');
  await base.holdfast('backup', '--repo', repo, path.join(files, 'sub'), '--host', 'there');
});

interface Found { object_type: string; id: string; path: string; parent_tree?: string; snapshot: string }
const told = (found: Found[]): string[] => found.map(({ id, object_type, parent_tree, path: at, snapshot }) => [object_type, id, at, parent_tree ?? '', snapshot].join(' ')).sort();

test('find --blob, --tree and --pack name the places that restic names', async () => {
  const trees = (await restic<{ tree: string }[]>(repo, 'snapshots')).map(({ tree }) => tree);
  const pack = readdirSync(path.join(repo, 'data'), { recursive: true, encoding: 'utf8' }).map((name) => path.basename(name)).filter((name) => name.length === 64)[0] ?? '';
  const nodes = (await restic<{ nodes: { name: string; content?: string[] }[] }>(repo, 'cat', 'blob', await treeWith(trees))).nodes;
  const blob = nodes.find(({ name }) => name === 'b')?.content?.[0] ?? '';
  expect(blob).toMatch(/^[0-9a-f]{64}$/);
  for (const args of [['--blob', blob], ['--tree', trees[0] ?? ''], ['--pack', pack]]) {
    const ours = told(await json<Found[]>('find', ...args));
    expect(ours.length).toBeGreaterThan(0);
    // restic names the blobs of a pack once each, Holdfast each place of them
    const theirs = told(await restic<Found[]>(repo, 'find', ...args));
    expect(ours).toEqual(expect.arrayContaining(theirs));
  }
  expect((await base.holdfast('find', '--repo', repo, '--blob', '--tree', 'ab')).stderr).toContain('exclude each other');
  expect((await base.holdfast('find', '--repo', repo, '--pack', '0000000000')).stderr).toContain('knows no pack');
});

/** The folder that holds the file b. */
async function treeWith(roots: string[]): Promise<string> {
  const seen = [...roots];
  for (let tree = seen.shift(); tree !== undefined; tree = seen.shift()) {
    const { nodes } = await restic<{ nodes: { name: string; subtree?: string }[] }>(repo, 'cat', 'blob', tree);
    if (nodes.some(({ name }) => name === 'b')) return tree;
    seen.push(...nodes.flatMap(({ subtree }) => subtree ?? []));
  }
  throw new Error('no folder holds the file');
}

test('snapshots --group-by has restic\'s groups, and --compact a line for each', async () => {
  type Groups = { group_key: unknown; snapshots: { id: string }[] }[];
  const shape = (groups: Groups): unknown => groups.map(({ group_key, snapshots }) => ({ group_key, ids: snapshots.map(({ id }) => id) })).sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));
  for (const by of ['host', 'paths', 'tags', 'host,paths']) expect(shape(await json<Groups>('snapshots', '--group-by', by))).toEqual(shape(await restic<Groups>(repo, 'snapshots', '--group-by', by)));
  const { stdout } = await base.holdfast('snapshots', '--repo', repo, '--compact');
  expect(stdout.trim().split('\n')).toHaveLength(4);
  expect(stdout).not.toContain(files);
});

test('init --copy-chunker-params cuts files as the other repository does', async () => {
  const other = path.join(base.folder, 'other');
  const made = await base.holdfast('init', '--repo', other, '--copy-chunker-params', '--from-repo', repo);
  expect(made).toMatchObject({ code: 0, stderr: '' });
  const polynomial = async (at: string): Promise<string> => (await restic<{ chunker_polynomial: string }>(at, 'cat', 'config')).chunker_polynomial;
  expect(await polynomial(other)).toBe(await polynomial(repo));
  expect(await base.holdfast('init', '--repo', path.join(base.folder, 'third'), '--from-repo', repo)).toMatchObject({ code: 2 });
});

test('a list of files is backed up, and --stdin goes with no paths', async () => {
  const list = path.join(base.folder, 'list');
  writeFileSync(list, `${files}/s*\n`);
  const before = (await json<unknown[]>('snapshots')).length;
  expect(await base.holdfast('backup', '--repo', repo, '--files-from', list)).toMatchObject({ code: 0 });
  const after = await json<{ paths: string[] }[]>('snapshots');
  expect(after).toHaveLength(before + 1);
  expect(after.at(-1)?.paths).toEqual([path.join(files, 'sub')]);
  expect(await base.holdfast('backup', '--repo', repo, '--stdin', files)).toMatchObject({ code: 2 });
});

test('prune --unsafe-recover-no-free-space wants the repository\'s own ID, and leaves what restic finds whole', async () => {
  const { id } = await restic<{ id: string }>(repo, 'cat', 'config');
  expect((await base.holdfast('prune', '--repo', repo, '--unsafe-recover-no-free-space', 'yes')).stderr).toContain(id);
  writeFileSync(path.join(files, 'gone'), Buffer.alloc(300_000, 'x'));
  await base.holdfast('backup', '--repo', repo, path.join(files, 'gone'), '--host', 'gone', '--tag', 'gone');
  await base.holdfast('forget', '--repo', repo, '--tag', 'gone', '--keep-last', '1', '--unsafe-allow-remove-all');
  const [gone] = await json<{ id: string }[]>('snapshots', '--tag', 'gone');
  if (gone !== undefined) await base.holdfast('forget', '--repo', repo, gone.id);
  expect(await base.holdfast('prune', '--repo', repo, '--unsafe-recover-no-free-space', id, '--max-unused', '0')).toMatchObject({ code: 0 });
  expect(await runOk('restic', ['-r', repo, '--no-cache', 'check', '--read-data'], { env })).toContain('no errors were found');
});
