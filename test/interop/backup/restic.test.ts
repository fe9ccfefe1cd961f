/** Holdfast and the official restic on the same files and repositories. */
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, symlinkSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe as group, expect, onTestFinished, test } from 'vitest';
import * as engine from '../../../main/backup/index.js';
import { makeKeyCheap } from '../../helpers/cheap-key.js';
import { Restic } from '../../helpers/restic.js';
import { bytes, describe, makeZoo, temporaryFolder } from '../../helpers/trees.js';

const password = 'correct horse';
const folder = temporaryFolder();
const zoo = join(folder.path, 'zoo');

beforeAll(() => {
  mkdirSync(zoo);
  makeZoo(zoo);
});
afterAll(() => { folder.remove(); });

let count = 0;
function place(): { url: string; restic: Restic; repository: { url: string; password: string } } {
  const url = join(folder.path, `repo-${count++}`);
  return { url, restic: new Restic(url, password, folder.path), repository: { url, password } };
}

group('Holdfast writes, restic reads', () => {
  test('a zoo of odd files: check is clean and restore gives the same', async () => {
    const { url, restic, repository } = place();
    await engine.init({ repository });
    const summary = await engine.backup({ repository, paths: [zoo], tags: ['a', 'b'] });
    expect(summary.errors).toEqual([]);
    await restic.check();
    const target = join(folder.path, 'out-1');
    await restic.ok(['restore', 'latest', '--target', target]);
    expect(describe(join(target, zoo))).toEqual(describe(zoo));
    expect(existsSync(join(url, 'tmp'))).toBe(false);
    expect(readdirSync(join(url, 'locks'))).toEqual([]);
    expect((await restic.snapshots())[0]).toMatchObject({ paths: [zoo], tags: ['a', 'b'], tree: summary.tree_id });
  });

  test('the password that is wrong is told from the repository that is not there', async () => {
    const { repository, url } = place();
    await expect(engine.snapshots({ repository })).rejects.toMatchObject({ code: 'repository-missing' });
    await engine.init({ repository });
    await expect(engine.snapshots({ repository: { url, password: 'x' } })).rejects.toMatchObject({ code: 'wrong-password' });
    await expect(engine.init({ repository })).rejects.toMatchObject({ code: 'repository-exists' });
  });
});

group('restic writes, Holdfast reads', () => {
  test.each(['1', '2'])('format version %s: restore gives the same, check is clean', async (version) => {
    const { restic, repository } = place();
    await restic.ok(['init', '--repository-version', version]);
    await restic.backup([zoo]);
    const target = join(folder.path, `out-v${version}`);
    const summary = await engine.restore({ repository, snapshot: 'latest', target, verify: true });
    expect(summary.errors).toEqual([]);
    expect(describe(join(target, zoo))).toEqual(describe(zoo));
    const report = await engine.check({ repository, readData: true });
    expect(report).toMatchObject({ ok: true, errors: [] });
  });
});

group('both write', () => {
  test.each(['UTC', 'Europe/Zurich', 'America/St_Johns', 'Asia/Kathmandu'])('trees are equal to the byte, so neither adds anything after the other (%s)', async (zone) => {
    const before = process.env['TZ'];
    const first = place();
    const second = place();
    try {
      process.env['TZ'] = zone;
      await engine.init({ repository: first.repository });
      await makeKeyCheap(first.repository.url, first.repository.password);
      // relative, so that the folders above, which change while tests run, are no part of it
      const ours = await engine.backup({ repository: first.repository, paths: ['zoo'], workingFolder: folder.path });
      const theirs = await first.restic.backup(['zoo'], { cwd: folder.path, args: ['--force'] });
      expect(theirs).toMatchObject({ data_blobs: 0, tree_blobs: 0 });
      expect(new Set((await first.restic.snapshots()).map((s) => s.tree))).toEqual(new Set([ours.tree_id]));

      await second.restic.init();
      await makeKeyCheap(second.repository.url, second.repository.password);
      await second.restic.backup(['zoo'], { cwd: folder.path });
      const after = await engine.backup({ repository: second.repository, paths: ['zoo'], workingFolder: folder.path, force: true });
      expect(after).toMatchObject({ data_blobs: 0, tree_blobs: 0, error_count: 0 });
      const again = await engine.backup({ repository: second.repository, paths: ['zoo'], workingFolder: folder.path });
      expect(again).toMatchObject({ data_blobs: 0, tree_blobs: 0, files_new: 0, files_changed: 0 });
      await second.restic.check();
    } finally {
      if (before === undefined) delete process.env['TZ'];
      else process.env['TZ'] = before;
    }
  });

  test('a link to what is not UTF-8: restic 0.14 loses the target, newer ones and Holdfast keep it beside', async () => {
    const { restic, repository } = place();
    await engine.init({ repository });
    const source = join(folder.path, 'odd link');
    mkdirSync(source);
    symlinkSync(Buffer.from([0x74, 0xff, 0xc3, 0x2f, 0x62]), join(source, 'link'));
    const { snapshot_id: id = '', tree_id: root } = await engine.backup({ repository, paths: ['.'], workingFolder: source });
    await restic.check();
    const tree = JSON.parse(await restic.ok(['cat', 'blob', root]));
    expect(tree.nodes[0]).toMatchObject({ linktarget: 't\ufffd\ufffd/b', linktarget_raw: Buffer.from([0x74, 0xff, 0xc3, 0x2f, 0x62]).toString('base64') });
    const target = join(folder.path, 'out-odd');
    expect((await engine.restore({ repository, snapshot: id, target })).errors).toEqual([]);
    expect(describe(target)['/link']).toEqual(describe(source)['/link']);
  });

  test('in turns on one repository, with changes in between', async () => {
    const { restic, repository } = place();
    await restic.init();
    await makeKeyCheap(repository.url, repository.password);
    const source = join(folder.path, 'turns');
    cpSync(join(import.meta.dirname, '../../../main'), source, { recursive: true, verbatimSymlinks: true });
    for (let turn = 0; turn < 4; turn++) {
      writeFileSync(join(source, `file ${turn}`), bytes(400_000 * (turn + 1), turn));
      writeFileSync(join(source, 'changing'), `turn ${turn}`);
      if (turn % 2 === 0) expect((await engine.backup({ repository, paths: [source] })).files_new).toBeGreaterThan(0);
      else expect((await restic.backup([source])).files_unmodified).toBeGreaterThan(0);
    }
    await restic.check();
    const target = join(folder.path, 'out-turns');
    expect((await engine.restore({ repository, snapshot: 'latest', target })).errors).toEqual([]);
    expect(describe(join(target, source))).toEqual(describe(source));
  });

  test('relative, parent and overlapping paths give the same trees', async () => {
    const { restic, repository } = place();
    await restic.init();
    await makeKeyCheap(repository.url, repository.password);
    // Folders above an absolute path are part of the tree, so they must not change meanwhile, as /tmp does while tests run.
    const quiet = mkdtempSync('/var/tmp/holdfast-test-');
    onTestFinished(() => rmSync(quiet, { recursive: true }));
    const base = join(quiet, 'base');
    mkdirSync(join(base, 'a/b/c'), { recursive: true });
    mkdirSync(join(base, 'd'));
    writeFileSync(join(base, 'a/b/c/file'), '1');
    writeFileSync(join(base, 'a/other'), '2');
    writeFileSync(join(base, 'd/file'), '3');
    for (const [cwd, ...paths] of [[base, 'a'], [base, '.'], [join(base, 'd'), '../a/b'], [base, 'a/b', 'd'], [base, 'a', 'a/b/c'], [base, './a/', 'd/file'], [join(base, 'a'), '..'], [base, `${base}/d`, 'd']]) {
      const theirs = await restic.backup(paths, { cwd: cwd ?? base });
      const ours = await engine.backup({ repository, paths, workingFolder: cwd ?? base });
      const their = (await restic.snapshots()).find((s) => s.id.startsWith(theirs.snapshot_id));
      expect([paths, ours.tree_id]).toEqual([paths, their?.tree]);
      expect(their?.paths).toEqual((await engine.snapshots({ repository, ids: [ours.snapshot_id ?? ''] }))[0]?.paths);
    }
  });
});
