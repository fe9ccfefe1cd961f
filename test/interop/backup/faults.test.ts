/** What goes wrong in real life: one clear error, nothing lost, and a repository that restic finds whole. */
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, cpSync, existsSync, mkdirSync, readFileSync, readdirSync, rmSync, statSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, test } from 'vitest';
import { createLocalEngine } from '../../../main/backup/index.js';
import type { Node } from '../../../main/backup/format/node.js';
import { encodeSnapshot } from '../../../main/backup/format/snapshot.js';
import { LocalBackend } from '../../../main/backup/backend/local.js';
import { openRepository } from '../../../main/backup/repository/repository.js';
import { PackSaver } from '../../../main/backup/repository/pack-saver.js';
import { TreePacker } from '../../../main/backup/archiver/tree-packer.js';
import { makeKeyCheap } from '../../helpers/cheap-key.js';
import { Restic } from '../../helpers/restic.js';
import { bytes, describe, isRoot, temporaryFolder } from '../../helpers/trees.js';

const folder = temporaryFolder();
const engine = createLocalEngine();
const endings: (() => void)[] = [];
afterAll(() => {
  for (const end of endings) end();
  folder.remove();
});

let count = 0;
async function place(url = join(folder.path, `repo-${count}`)): Promise<{ url: string; source: string; restic: Restic; repository: { url: string; password: string } }> {
  const source = join(folder.path, `source-${count++}`);
  mkdirSync(source);
  const repository = { url, password: 'pw' };
  await engine.init({ repository });
  await makeKeyCheap(repository.url, repository.password);
  return { url, source, repository, restic: new Restic(url, 'pw', folder.path) };
}

function filesBelow(path: string): string[] {
  return readdirSync(path, { recursive: true, withFileTypes: true }).filter((e) => e.isFile()).map((e) => join(e.parentPath, e.name)).sort();
}

test('a cancelled backup stops soon, leaves no lock and no temporary file, and the next one completes', async () => {
  const { url, source, repository, restic } = await place();
  for (let i = 0; i < 12; i++) writeFileSync(join(source, `file ${i}`), bytes(20_000_000, i, 0.9));
  const abort = new AbortController();
  const run = engine.backup({ repository, paths: [source] }, {
    signal: abort.signal, onProgress: (p) => { if (p.bytes_done > 30_000_000) abort.abort(); },
  });
  await expect(run).rejects.toMatchObject({ code: 'cancelled' });
  expect(readdirSync(join(url, 'locks'))).toEqual([]);
  expect(existsSync(join(url, 'tmp'))).toBe(false);
  expect(await engine.snapshots({ repository })).toEqual([]);
  // what was stored is in an index already, so that any program can build on it
  const stored = filesBelow(join(url, 'data')).reduce((sum, path) => sum + statSync(path).size, 0);
  expect(await engine.check({ repository, readData: true })).toMatchObject({ ok: true, hints: [] });
  expect(stored).toBeGreaterThan(10_000_000);
  expect((await restic.backup([source])).data_added).toBeLessThan(240_000_000 - stored * 0.95);
  await restic.check();
});

test.each([['its lock left behind', false], ['its lock removed by somebody', true]])('after a kill, what was stored whole is not stored again (%s)', async (_name, unlocked) => {
  const { url, source, repository, restic } = await place();
  for (let i = 0; i < 10; i++) writeFileSync(join(source, `file ${i}`), bytes(20_000_000, 100 + i, 1));
  const script = `import { backup } from ${JSON.stringify(fileURLToPath(new URL('../../../out/main/backup/index.js', import.meta.url)))};
    await backup({ repository: ${JSON.stringify(repository)}, paths: [${JSON.stringify(source)}] });`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: 'inherit' });
  const exited = once(child, 'exit');
  while (filesBelow(join(url, 'data')).length < 3 && child.exitCode === null) await sleep(10);
  child.kill('SIGKILL');
  await exited;
  const stored = filesBelow(join(url, 'data')).reduce((sum, path) => sum + statSync(path).size, 0);
  expect(stored).toBeGreaterThan(30_000_000);
  if (unlocked) expect(await engine.unlock({ repository })).toEqual({ removed: 1, remaining: 0 });
  const summary = await engine.backup({ repository, paths: [source] });
  expect(summary.data_added).toBeLessThanOrEqual(200_000_000 - stored * 0.99 + 100_000);
  expect(existsSync(join(url, 'tmp'))).toBe(false);
  await restic.check();
});

test('a file that cannot be read is named, and the rest is backed up', async () => {
  const { source, repository } = await place();
  writeFileSync(join(source, 'good'), 'good');
  writeFileSync(join(source, 'bad'), 'bad');
  mkdirSync(join(source, 'closed'));
  if (isRoot) {
    // root may read everything, so the run is somebody else's
    execFileSync('chown', ['-R', 'nobody', source, repository.url]);
    chmodSync(folder.path, 0o755);
  }
  chmodSync(join(source, 'bad'), 0);
  chmodSync(join(source, 'closed'), 0);
  const script = `import { backup } from ${JSON.stringify(fileURLToPath(new URL('../../../out/main/backup/index.js', import.meta.url)))};
    if (process.getuid() === 0) { process.setgid(65534); process.setuid(65534); }
    process.stdout.write(JSON.stringify(await backup({ repository: ${JSON.stringify(repository)}, paths: [${JSON.stringify(source)}] })));`;
  const summary = JSON.parse(execFileSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8' }));
  expect(summary.error_count).toBe(2);
  expect(summary.errors.map((e: { path: string }) => e.path).sort()).toEqual([join(source, 'bad'), join(source, 'closed')]);
  expect(summary).toMatchObject({ files_new: 1 });
  chmodSync(join(source, 'closed'), 0o700);
});

test('a source that is not there', async () => {
  const { repository, url } = await place();
  await expect(engine.backup({ repository, paths: [join(folder.path, 'nowhere')] })).rejects.toMatchObject({ code: 'source-missing' });
  expect(readdirSync(join(url, 'snapshots'))).toEqual([]);
});

test('a full disk: one error, nothing half-written, and room again means it works again', async () => {
  const mount = join(folder.path, 'small');
  mkdirSync(mount);
  if (!isRoot) {
    // without root a disk cannot be made, but the size of files can be limited for real
    const { source, repository } = await place();
    writeFileSync(join(source, 'noise'), bytes(9_000_000, 5, 1));
    const script = `import { backup } from ${JSON.stringify(fileURLToPath(new URL('../../../out/main/backup/index.js', import.meta.url)))};
      process.on('SIGXFSZ', () => {}); await backup({ repository: ${JSON.stringify(repository)}, paths: [${JSON.stringify(source)}] }).then(() => 0, (e) => process.stdout.write(e.code));`;
    expect(execFileSync('sh', ['-c', 'ulimit -f 2000; exec "$0" --input-type=module -e "$1"', process.execPath, script], { encoding: 'utf8' })).toBe('destination-full');
    return;
  }
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=8m', 'tmpfs', mount]);
  endings.push(() => { execFileSync('umount', ['-l', mount]); });
  const { source, repository, restic } = await place(join(mount, 'repo'));
  writeFileSync(join(source, 'small'), bytes(500_000, 6, 1));
  await engine.backup({ repository, paths: [source] });
  writeFileSync(join(source, 'noise'), bytes(30_000_000, 5, 1));
  await expect(engine.backup({ repository, paths: [source] })).rejects.toMatchObject({ code: 'destination-full', retryable: true });
  expect(await engine.snapshots({ repository })).toHaveLength(1);
  await restic.check();
  execFileSync('mount', ['-o', 'remount,size=80m', mount]);
  await engine.backup({ repository, paths: [source] });
  await restic.check();
});

test('damage anywhere is found by check and named, and the rest stays restorable', async () => {
  const { url, source, repository } = await place();
  for (let i = 0; i < 40; i++) writeFileSync(join(source, `file ${i}`), bytes(100_000, i, 0.9));
  await engine.backup({ repository, paths: ['.'], workingFolder: source, packSize: 4 });
  const whole = join(folder.path, 'whole');
  cpSync(url, whole, { recursive: true });
  for (const victim of filesBelow(url)) {
    const kind = victim.slice(url.length + 1).split('/')[0] ?? '';
    for (const damage of ['flip', 'truncate', 'empty', 'missing'] as const) {
      if (damage === 'missing' && (kind === 'snapshots' || kind === 'keys')) continue; // nobody can know that there was one
      rmSync(url, { recursive: true });
      cpSync(whole, url, { recursive: true });
      chmodSync(victim, 0o600);
      const content = readFileSync(victim);
      const at = Math.floor(content.length * 0.4);
      content[at] = (content[at] ?? 0) ^ 0x10;
      if (damage === 'flip') writeFileSync(victim, content);
      else if (damage === 'missing') rmSync(victim);
      else truncateSync(victim, damage === 'empty' ? 0 : content.length - 7);
      const outcome = await engine.check({ repository, readData: true }).then((report) => (report.ok ? 'clean' : 'found'), (error: { code: string; message: string }) => {
        expect(error.message).not.toMatch(/\n|at .*\.ts|undefined/);
        return error.code;
      });
      expect([kind, damage, outcome]).toEqual([kind, damage, expect.stringMatching(/^(found|repository-damaged|repository-missing|wrong-password)$/)]);
      if (kind === 'data' && damage === 'flip') {
        const target = join(folder.path, 'out-damaged');
        const summary = await engine.restore({ repository, snapshot: 'latest', target });
        expect(summary.error_count).toBeGreaterThan(0);
        rmSync(target, { recursive: true, force: true });
      }
    }
  }
});

test('a hostile tree cannot write outside of the target', async () => {
  const { url, repository } = await place();
  const backend = new LocalBackend(url);
  const repo = await openRepository(backend, 'pw');
  const saver = new PackSaver(repo);
  const { index } = await repo.loadIndex();
  const trees = new TreePacker(repo, index, { spoolFolder: await backend.spoolFolder(), packSize: 1 << 24, dryRun: false, compression: 'auto', onFull: (pack) => { saver.add(pack); } });
  const time = { seconds: 1, nanos: 0 };
  const node = (name: string, more: Partial<Node>): Node => ({
    name, type: 'file', mode: 0o644, mtime: time, atime: time, ctime: time, uid: 0, gid: 0, user: '', group: '', inode: 0, deviceId: 0, size: 0, links: 1,
    linkTarget: '', xattrs: [], device: 0, content: [], subtree: null, ...more,
  });
  const save = (...nodes: Node[]): string => trees.save(nodes);
  const outside = join(folder.path, 'outside');
  mkdirSync(outside);
  const inner = save(node('evil', {}));
  const tree = save(
    node('..', { type: 'dir', mode: 2 ** 31 + 0o755, content: null, subtree: inner }), node('../evil', {}), node('/evil', {}), node('.', {}), node('', {}), node('a\0b', {}),
    node('link', { type: 'symlink', mode: 2 ** 27 + 0o777, linkTarget: outside, content: null }), node('link', { type: 'dir', mode: 2 ** 31 + 0o755, content: null, subtree: inner }),
    node('there', { type: 'dir', mode: 2 ** 31 + 0o755, content: null, subtree: inner }), node('good', {}),
  );
  trees.finish();
  await saver.flush();
  await repo.save('snapshots', encodeSnapshot({ time: '2026-01-01T00:00:00Z', tree, paths: ['/x'], hostname: 'h' }));
  await backend.close();
  const target = join(folder.path, 'deep', 'target');
  mkdirSync(target, { recursive: true });
  symlinkSync(outside, join(target, 'there')); // left there by somebody before the restore
  const summary = await engine.restore({ repository, snapshot: 'latest', target });
  expect(summary.error_count).toBe(7);
  expect(Object.keys(describe(target)).sort()).toEqual(['', '/good', '/link', '/there', '/there/evil']);
  expect(readdirSync(outside)).toEqual([]);
  expect(readdirSync(join(folder.path, 'deep'))).toEqual(['target']);
});

test('locks: one of a living process is respected, one of a dead process gives way', async () => {
  const { source, repository, restic, url } = await place();
  writeFileSync(join(source, 'f'), 'x');
  const blocker = spawn('restic', ['-r', url, '--cache-dir', join(folder.path, 'restic-cache'), 'backup', '--stdin', '--stdin-filename', 'wait'], {
    env: { ...process.env, RESTIC_PASSWORD: 'pw' }, stdio: ['pipe', 'ignore', 'ignore'],
  });
  const exited = once(blocker, 'exit');
  while (readdirSync(join(url, 'locks')).length === 0) await sleep(20);
  await sleep(300);
  await engine.backup({ repository, paths: [source] }); // shared locks live together
  await expect(engine.prune({ repository })).rejects.toMatchObject({ code: 'repository-locked', retryable: true });
  expect(await engine.unlock({ repository })).toEqual({ removed: 0, remaining: 1 });
  blocker.kill('SIGKILL');
  await exited;
  const warnings: string[] = [];
  await engine.prune({ repository }, { onWarning: (text) => { warnings.push(text); } });
  expect(warnings.join()).toContain('stale lock');
  await restic.check();
});
