/** Excludes leave out what restic leaves out: the trees are equal. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createLocalEngine, type ExcludeOptions } from '../../../main/backup/index.js';
import { makeKeyCheap } from '../../helpers/cheap-key.js';
import { Restic } from '../../helpers/restic.js';
import { temporaryFolder } from '../../helpers/trees.js';

const folder = temporaryFolder();
const engine = createLocalEngine();
const repository = { url: join(folder.path, 'repo'), password: 'pw' };
const restic = new Restic(repository.url, 'pw', folder.path);
const source = join(folder.path, 'src');

beforeAll(async () => {
  for (const path of ['a/b/c.txt', 'a/b/d.TXT', 'a/node_modules/x/index.js', 'a/package.json', 'rust/Cargo.toml', 'rust/target/debug/bin', 'rust/src/target/note',
    'cache/data', 'marked/.nobackup', 'marked/data', 'x/y/z/foo', 'x/foo/bar', 'x[1]/q', 'large', 'vm/disk.qcow2', 'work/keep.log', 'work/drop.log', 'work/sub/drop.log', 'work/build/out']) {
    mkdirSync(join(source, path, '..'), { recursive: true });
    writeFileSync(join(source, path), path.repeat(20));
  }
  writeFileSync(join(source, 'large'), Buffer.alloc(100_000));
  writeFileSync(join(source, 'cache/CACHEDIR.TAG'), 'Signature: 8a477f597d28d172789f06886806bc55\n# made by a test\n');
  writeFileSync(join(source, 'work/.gitignore'), '# logs\n*.log\n!keep.log\n/build/\n');
  writeFileSync(join(folder.path, 'rules'), '# comment\n\n*.txt\n$HOLDFAST_TEST_NAME\n');
  await engine.init({ repository });
  await makeKeyCheap(repository.url, repository.password);
});
afterAll(() => { folder.remove(); });

const cases: [string, ExcludeOptions, string[]][] = [
  ['name', { exclude: ['foo'] }, ['--exclude', 'foo']],
  ['wildcard', { exclude: ['*.txt', 'c?c*'] }, ['--exclude', '*.txt', '--exclude', 'c?c*']],
  ['case', { iexclude: ['*.TXT'] }, ['--iexclude', '*.TXT']],
  ['two stars', { exclude: ['**/x/**/foo'] }, ['--exclude', '**/x/**/foo']],
  ['taken back', { exclude: ['x/*', '!x/foo'] }, ['--exclude', 'x/*', '--exclude', '!x/foo']],
  ['class', { exclude: ['[a-c]', 'x\\[1\\]'] }, ['--exclude', '[a-c]', '--exclude', 'x\\[1\\]']],
  ['anchored', { exclude: [`${source}/a/*/c.txt`] }, ['--exclude', `${source}/a/*/c.txt`]],
  ['file', { excludeFile: [join(folder.path, 'rules')] }, ['--exclude-file', join(folder.path, 'rules')]],
  ['caches', { excludeCaches: true }, ['--exclude-caches']],
  ['marker', { excludeIfPresent: ['.nobackup'] }, ['--exclude-if-present', '.nobackup']],
  ['size', { excludeLargerThan: 50_000 }, ['--exclude-larger-than', '50000']],
];

test.each(cases)('%s', async (_name, excludes, args) => {
  process.env['HOLDFAST_TEST_NAME'] = 'large';
  const theirs = await restic.backup(['src'], { cwd: folder.path, args: ['--force', ...args], env: { HOLDFAST_TEST_NAME: 'large' } });
  const ours = await engine.backup({ repository, paths: ['src'], workingFolder: folder.path, excludes, force: true });
  expect((await restic.snapshots()).find((s) => s.id.startsWith(theirs.snapshot_id))?.tree).toBe(ours.tree_id);
  expect(ours.excluded.length).toBeGreaterThan(0);
});

test('the developer preset says what it left out, and .gitignore is followed', async () => {
  const summary = await engine.backup({ repository, paths: ['src'], workingFolder: folder.path, excludes: { developerPreset: true, gitignore: true } });
  const names = (await engine.ls({ repository, snapshot: summary.snapshot_id ?? '' })).entries.map((e) => e.path);
  for (const gone of ['/src/a/node_modules', '/src/rust/target', '/src/vm/disk.qcow2', '/src/work/drop.log', '/src/work/sub/drop.log', '/src/work/build']) expect(names).not.toContain(gone);
  for (const kept of ['/src/rust/src/target/note', '/src/work/keep.log', '/src/a/package.json']) expect(names).toContain(kept);
  expect(summary.excluded).toEqual(expect.arrayContaining([{ rule: 'developer preset: npm packages', count: 1, bytes: 500 }]));
});

test('a malformed pattern is a usage error, and nothing is written', async () => {
  await expect(engine.backup({ repository, paths: [source], excludes: { exclude: ['[a'] } })).rejects.toMatchObject({ code: 'usage' });
});
