import { chmodSync, cpSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { makeKeyCheap } from '../../helpers/cheap-key.js';
import { run, runOk, start } from '../../helpers/processes.js';
import { until } from '../../helpers/until.js';
import { home, holdfastJs, lastLine, type Home } from './holdfast.js';

/** A home with a repository and a folder worth saving. */
async function prepared(): Promise<Home & { repo: string; files: string }> {
  const base = home({ HOLDFAST_PASSWORD: 'the password' });
  const repo = path.join(base.folder, 'repo');
  const files = path.join(base.folder, 'files');
  mkdirSync(path.join(files, 'sub'), { recursive: true });
  writeFileSync(path.join(files, 'a.txt'), 'alpha');
  writeFileSync(path.join(files, 'sub', 'ü b.txt'), 'beta'.repeat(1000));
  expect((await base.holdfast('init', '--repo', repo)).code).toBe(0);
  await makeKeyCheap(repo, 'the password');
  return { ...base, repo, files };
}

const restic = (repo: string, ...args: string[]): Promise<string> => runOk('restic', ['-r', repo, '--no-cache', ...args], { env: { RESTIC_PASSWORD: 'the password' } });

/** The lock of a real restic that is stopped while it checks the repository. @returns its file */
async function resticLock(repo: string): Promise<string> {
  const locks = path.join(repo, 'locks');
  const checking = start('restic', ['-r', repo, '--no-cache', 'check', '--read-data'], { env: { RESTIC_PASSWORD: 'the password' } });
  const name = await until('restic has its lock', () => readdirSync(locks).find((lock) => /^[0-9a-f]{64}$/.test(lock))); // not yet the name it is written under
  checking.signal('SIGSTOP');
  return path.join(locks, name);
}

describe('holdfast with a repository', () => {
  it('saves what restic checks, lists and restores, in restic\'s own JSON', async () => {
    const { files, folder, holdfast, repo } = await prepared();
    const { code, stdout } = await holdfast('backup', '--repo', repo, '--json', '--tag', 'one', files);
    expect(code).toBe(0);
    const summary = lastLine(stdout) as { message_type: string; snapshot_id: string; files_new: number };
    expect(summary).toMatchObject({ message_type: 'summary', files_new: 2 });
    for (const line of stdout.trim().split('\n').slice(0, -1)) expect(JSON.parse(line)).toMatchObject({ message_type: 'status' });
    await restic(repo, 'check', '--read-data');
    const [ours] = JSON.parse((await holdfast('snapshots', '-r', repo, '--json')).stdout) as Record<string, unknown>[];
    const [theirs] = JSON.parse(await restic(repo, 'snapshots', '--json')) as Record<string, unknown>[];
    expect(ours).toMatchObject({ id: summary.snapshot_id, tree: theirs?.['tree'], time: theirs?.['time'], paths: [files], tags: ['one'] });
    await restic(repo, 'restore', 'latest', '--target', path.join(folder, 'by-restic'));
    await runOk('diff', ['-r', files, path.join(folder, 'by-restic', files)]);
  });

  it('ends without a lock and without a word when nobody reads on', async () => {
    const { env, files, folder, holdfast, repo } = await prepared();
    writeFileSync(path.join(files, 'large'), Buffer.alloc(3_000_000, 'x'));
    await holdfast('backup', '-r', repo, files);
    const piped = await run('bash', ['-c', '"$@" | head -c 3; echo " ${PIPESTATUS[0]}"', 'bash', process.execPath, holdfastJs, 'dump', 'latest', path.join(files, 'large'), '-r', repo], { env, cwd: folder });
    expect(piped).toMatchObject({ stdout: 'xxx 0\n', stderr: '' });
    expect(readdirSync(path.join(repo, 'locks'))).toEqual([]);
  });

  it('restores, lists, dumps and checks', async () => {
    const { files, folder, holdfast, repo } = await prepared();
    await holdfast('backup', '-r', repo, files);
    const target = path.join(folder, 'out');
    expect(await holdfast('restore', 'latest', '-r', repo, '--target', target)).toMatchObject({ code: 0 });
    await runOk('diff', ['-r', files, path.join(target, files)]);
    expect(await holdfast('restore', 'latest', '-r', repo, '--target', path.join(files, 'a.txt'))).toMatchObject({ code: 2, stderr: expect.stringMatching(/^holdfast: .*a\.txt is a file\..*\n$/) });
    const listed = (await holdfast('ls', 'latest', '-r', repo, '--quiet')).stdout.split('\n');
    expect(listed).toContain(path.join(files, 'sub', 'ü b.txt'));
    expect((await holdfast('dump', 'latest', path.join(files, 'a.txt'), '-r', repo)).stdout).toBe('alpha');
    expect(await holdfast('check', '-r', repo, '--read-data')).toMatchObject({ code: 0, stdout: expect.stringContaining('No errors were found') });
  });

  it('forgets by rule, prunes, counts and unlocks', async () => {
    const { files, holdfast, json, repo } = await prepared();
    for (const content of ['1', '2', '3']) {
      writeFileSync(path.join(files, 'a.txt'), content);
      await holdfast('backup', '-r', repo, files);
    }
    expect(await holdfast('forget', '-r', repo, '--keep-last', '1', '--prune')).toMatchObject({ code: 0 });
    expect(JSON.parse((await holdfast('snapshots', '-r', repo, '--json')).stdout)).toHaveLength(1);
    expect(await json('stats', '-r', repo)).toMatchObject({ snapshots_count: 1 });
    expect(await json('unlock', '-r', repo)).toMatchObject({ remaining: 0 });
    await restic(repo, 'check', '--read-data');
  });

  it('finds every version of a file, compares, tags, copies and mends the index', async () => {
    const { files, folder, holdfast, json, repo } = await prepared();
    await holdfast('backup', '-r', repo, files);
    writeFileSync(path.join(files, 'a.txt'), 'alpha, changed');
    await holdfast('backup', '-r', repo, files);
    const [first, second] = (JSON.parse((await holdfast('snapshots', '-r', repo, '--json')).stdout) as { id: string }[]).map(({ id }) => id);
    expect(await json('find', 'a.txt', '-r', repo)).toHaveLength(2);
    expect(await holdfast('find', 'no-such-file', '-r', repo)).toMatchObject({ code: 1, stderr: expect.stringContaining('No snapshot has a file that fits') });
    expect((await holdfast('diff', first ?? '', second ?? '', '-r', repo)).stdout).toMatch(new RegExp(`^M +${path.join(files, 'a.txt')}$`, 'm'));
    expect(await json('tag', '--add', 'kept', second ?? '', '-r', repo)).toMatchObject({ changed: [{ old: second }] });
    const other = path.join(folder, 'other');
    await holdfast('init', '--repo', other);
    expect(lastLine((await holdfast('copy', '--from-repo', repo, '-r', other, '--json')).stdout)).toMatchObject({ copied: [{}, {}], skipped: [] });
    for (const name of readdirSync(path.join(other, 'index'))) {
      chmodSync(path.join(other, 'index', name), 0o600);
      writeFileSync(path.join(other, 'index', name), '');
    }
    expect(await holdfast('repair', 'index', '-r', other)).toMatchObject({ code: 0 });
    await restic(other, 'check', '--read-data');
    await restic(repo, 'check', '--read-data');
  });

  it('changes keys, and the old password opens nothing then', async () => {
    const { env, folder, holdfast, repo } = await prepared();
    const file = path.join(folder, 'new-password');
    writeFileSync(file, 'another one\n');
    expect(await holdfast('key', 'passwd', '-r', repo, '--new-password-file', file)).toMatchObject({ code: 0 });
    expect(await holdfast('snapshots', '-r', repo)).toMatchObject({ code: 12 });
    const renewed = await run(process.execPath, [holdfastJs, 'key', 'list', '-r', repo, '-p', file, '--json'], { env });
    expect(JSON.parse(renewed.stdout)).toMatchObject([{ current: true }]);
  });
});

describe('exit codes and sentences', () => {
  it('2 for wrong usage, with one sentence and without a stack', async () => {
    const { holdfast } = home();
    for (const args of [[], ['nonsense'], ['backup', '--nonsense'], ['snapshots'], ['backup', '-r', 'x'], ['restore', 'latest', '-r', 'x'], ['backup', '-r', 'x', '--exclude-larger-than', 'big', '/'], ['ls', '-r', 'x', 'latest', '--nope']]) {
      const { code, stderr } = await holdfast(...args);
      expect([args, code]).toEqual([args, 2]);
      if (args.length > 0) expect(stderr.trim().split('\n')).toHaveLength(1);
      expect(stderr).not.toMatch(/\n\s+at /);
    }
  });

  it('10 for a missing repository, 12 for a wrong or missing password', async () => {
    const { env, folder, holdfast, repo } = await prepared();
    expect(await holdfast('snapshots', '-r', path.join(folder, 'none'))).toMatchObject({ code: 10, stdout: '' });
    const wrong = await run(process.execPath, [holdfastJs, 'snapshots', '-r', repo, '--json'], { env: { ...env, HOLDFAST_PASSWORD: 'wrong' } });
    expect(wrong.code).toBe(12);
    expect(JSON.parse(wrong.stderr)).toMatchObject({ message_type: 'exit_error', code: 12, message: expect.stringContaining('password') });
    expect(await run(process.execPath, [holdfastJs, 'snapshots', '-r', repo], { env: { ...env, HOLDFAST_PASSWORD: undefined } })).toMatchObject({ code: 12, stderr: expect.stringContaining('--password-file') });
    expect(await holdfast('snapshots', '-r', repo, '-p', '/nowhere')).toMatchObject({ code: 12 });
    mkdirSync(path.join(folder, 'empty'));
    expect(await holdfast('check', '-r', path.join(folder, 'empty'))).toMatchObject({ code: 10 });
  });

  it('11 while another program holds the repository', async () => {
    const { files, holdfast, repo } = await prepared();
    await holdfast('backup', '-r', repo, files);
    const lock = await resticLock(repo);
    expect(await holdfast('prune', '-r', repo)).toMatchObject({ code: 11, stderr: expect.stringContaining('unlock') });
    expect(existsSync(lock)).toBe(true);
    expect(await holdfast('unlock', '-r', repo, '--remove-all')).toMatchObject({ code: 0 });
    expect(await holdfast('prune', '-r', repo)).toMatchObject({ code: 0 });
  });

  it('3 when files could not be read, whose names are said, and the rest is saved', async () => {
    const { env, files, folder, repo } = await prepared();
    writeFileSync(path.join(files, 'secret'), 'x');
    chmodSync(path.join(files, 'secret'), 0);
    const root = process.getuid?.() === 0;
    if (root) {
      await runOk('chown', ['-R', 'nobody', folder]);
      chmodSync(folder, 0o755);
      await runOk('chown', ['root', path.join(files, 'secret')]);
    }
    // Root reads everything, so root asks somebody else.
    const [command, ...before] = root ? ['setpriv', '--reuid=nobody', '--clear-groups', process.execPath] : [process.execPath];
    const { code, stderr, stdout } = await run(command ?? '', [...before, holdfastJs, 'backup', '-r', repo, '--json', files], { env, cwd: folder });
    expect([code, stderr]).toEqual([3, expect.stringContaining('secret')]);
    expect(lastLine(stdout)).toMatchObject({ message_type: 'summary', error_count: 1, files_new: 2 });
    expect(lastLine(stderr)).toMatchObject({ message_type: 'exit_error', code: 3 });
  });

  it('1 for damage', async () => {
    const { files, folder, holdfast, repo } = await prepared();
    await holdfast('backup', '-r', repo, files);
    const broken = path.join(folder, 'broken');
    cpSync(repo, broken, { recursive: true });
    const pack = (await runOk('find', [path.join(broken, 'data'), '-type', 'f'])).trim().split('\n')[0] ?? '';
    chmodSync(pack, 0o600);
    const bytes = readFileSync(pack);
    bytes[10] = (bytes[10] ?? 0) ^ 1;
    writeFileSync(pack, bytes);
    expect(await holdfast('check', '-r', broken, '--read-data')).toMatchObject({ code: 1, stderr: expect.stringContaining('error') });
  });
});
