/** Starts that cannot be what was meant: each ends in one sentence that says what to do. Real processes of what the build made. */
import { chmodSync, existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { run, runOk, start, type Finished } from '../../helpers/processes.js';
import { tempFolder } from '../../helpers/temp.js';
import { until } from '../../helpers/until.js';
import { holdfastJs, home } from './holdfast.js';

const asRoot = process.getuid?.() === 0;
/** Nothing of a desktop, a session or a service manager; one address for a home. */
const bare = (folder: string) => ({
  HOME: folder, HOLDFAST_DATA: undefined, HOLDFAST_SECRETS: undefined, XDG_RUNTIME_DIR: undefined, XDG_DATA_HOME: undefined, XDG_CONFIG_HOME: undefined, XDG_STATE_HOME: undefined,
  XDG_CACHE_HOME: undefined, DBUS_SESSION_BUS_ADDRESS: undefined, DISPLAY: undefined, WAYLAND_DISPLAY: undefined,
});
const holdfast = (folder: string, ...args: string[]): Promise<Finished> => run(process.execPath, [holdfastJs, ...args], { env: bare(folder), cwd: '/' });

async function hubLink(): Promise<string> {
  const hub = home();
  await hub.start('hub', '--listen', '127.0.0.1:0').line(/^listening on /);
  return (await hub.json<{ link: string }>('setup-token', 'create', 'test', '--max-uses', '1')).link;
}

/** The command with a home that cannot be written: a read-only mount for root, who may write everywhere else. */
function withReadOnlyHome(folder: string, ...args: string[]): Promise<Finished> {
  if (!asRoot) {
    chmodSync(folder, 0o555);
    return holdfast(folder, ...args).finally(() => chmodSync(folder, 0o700));
  }
  const mount = 'mount --bind "$0" "$0" && mount -o remount,bind,ro "$0" && exec "$@"';
  return run('unshare', ['--mount', 'sh', '-c', mount, folder, process.execPath, holdfastJs, ...args], { env: bare(folder), cwd: '/' });
}

describe('a home with nothing in it, no XDG folders, no D-Bus and no session', () => {
  it('is enough; of two starts at once one is the agent and the other says who is; a lock left behind keeps nobody out', { timeout: 60_000 }, async () => {
    const folder = tempFolder();
    const data = path.join(folder, '.local/share/holdfast');
    const joined = await holdfast(folder, 'join', await hubLink());
    expect(joined).toMatchObject({ code: 0, stderr: `There is no keychain here: passwords and tokens are kept in the file ${data}/secrets.json, readable by you only\n` });
    expect(statSync(data).mode & 0o777).toBe(0o700);
    // As kill -9 and a reused process id leave it.
    writeFileSync(path.join(data, 'agent.lock'), `${JSON.stringify({ pid: process.pid })}\n`);
    const both = [1, 2].map(() => start(process.execPath, [holdfastJs, 'agent'], { env: bare(folder), cwd: '/' }));
    const loser = await until('one of them ended', () => both.find((one) => !one.isRunning));
    const winner = both.find((one) => one !== loser);
    await winner?.line(/^connected to /);
    const { code, stderr } = await loser.ended;
    expect({ code, stderr }).toEqual({ code: 1, stderr: `holdfast: An agent (process ${winner?.pid}) is running for ${data} already. Use it, end it first, or name another folder in HOLDFAST_DATA.\n` });
    expect(JSON.parse(readFileSync(path.join(data, 'agent.lock'), 'utf8'))).toEqual({ pid: winner?.pid });
  });

  it('that is read-only, is not there at all, or is another user\'s for root, is a sentence', async () => {
    const folder = tempFolder();
    const data = path.join(folder, '.local/share/holdfast');
    const reason = asRoot ? 'the file system is read-only. Name a folder that you can write in HOLDFAST_DATA.' : 'you are not allowed to. Name a folder that you can write in HOLDFAST_DATA, or correct the permissions.';
    const { code, stderr } = await withReadOnlyHome(folder, 'agent');
    expect({ code, stderr }).toEqual({ code: 1, stderr: `holdfast: The folder ${data} cannot be made: ${reason}\n` });
    expect((await withReadOnlyHome(folder, 'hub', '--listen', '127.0.0.1:0')).stderr).toMatch(/^holdfast: The folder \S+ cannot be made: [^\n]+HOLDFAST_DATA[^\n]*\n$/);
    expect(await holdfast('', 'agent')).toMatchObject({ code: 2, stderr: 'holdfast: This user has no home folder. Name a folder for everything Holdfast keeps in HOLDFAST_DATA.\n' });
    if (asRoot) {
      const theirs = path.join(folder, 'theirs');
      mkdirSync(theirs);
      await runOk('chown', ['12345', theirs]);
      expect(await holdfast(theirs, 'agent')).toMatchObject({ code: 1, stderr: `holdfast: This runs as root, and ${theirs}/.local/share/holdfast is in the home of another user, who could not use what root writes there. Run it as that user, or with root's own home (sudo -H), or name a folder in HOLDFAST_DATA.\n` });
      expect(existsSync(path.join(theirs, '.local'))).toBe(false);
    }
  });

  it('that became read-only after its agent had joined is a sentence too', async () => {
    const folder = tempFolder();
    await holdfast(folder, 'join', await hubLink());
    const data = path.join(folder, '.local/share/holdfast');
    if (!asRoot) chmodSync(data, 0o500);
    const { code, stderr } = await withReadOnlyHome(folder, 'agent');
    if (!asRoot) chmodSync(data, 0o700);
    expect(code).toBe(1);
    expect(stderr.trimEnd().split('\n').at(-1)).toMatch(/^holdfast: Cannot open \S+: (the file system is read-only|you are not allowed to)\. /);
  });
});
