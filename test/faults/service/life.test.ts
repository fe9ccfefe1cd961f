/**
 * The whole life of a service under a real `systemd --user` with its journal, session bus and keychain, as a user and as root: installed, killed,
 * started with the computer, replaced by another version in the middle of a run, crashing again and again, mended, removed. Prints what it measured. Needs root.
 */
import { cpSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { randomBytes } from 'node:crypto';
import path from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { runOk, start } from '../../helpers/processes.js';
import { UserSystemd, whyNoSystemd } from '../../helpers/systemd-user.js';
import { tempFolder } from '../../helpers/temp.js';
import { until } from '../../helpers/until.js';

const root = path.resolve(import.meta.dirname, '../../..');

beforeAll(() => {
  const why = whyNoSystemd();
  if (why !== null) throw new Error(`No user manager can be started because ${why}. Run these tests as root.`);
});

interface Status { state: string; reason: string; pid: number | null; restarts: number | null; current: boolean }

/** A copy of this program in the folder, under a version of its own; none of its parts is called as in the one before. */
function installProgram(folder: string, version: string, mark: string): void {
  const main = path.join(folder, 'out', 'main');
  cpSync(path.join(root, 'out', 'main'), main, { recursive: true });
  const about = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8')) as object;
  writeFileSync(path.join(folder, 'package.json'), JSON.stringify({ ...about, version }));
  symlinkSync(path.join(root, 'node_modules'), path.join(folder, 'node_modules'));
  const chunks = readdirSync(path.join(main, 'chunks')).filter((name) => name.endsWith('.js'));
  const renamed = new Map(chunks.map((name) => [name, name.replace(/\.js$/, `${mark}.js`)]));
  for (const [from, to] of renamed) renameSync(path.join(main, 'chunks', from), path.join(main, 'chunks', to));
  const entries = ['cli/holdfast.js', 'backup/thread/conductor.js', 'backup/workers/entry.js'];
  for (const file of [...renamed.values()].map((name) => path.join('chunks', name)).concat(entries)) {
    const text = readFileSync(path.join(main, file), 'utf8');
    writeFileSync(path.join(main, file), text.replace(/[\w.-]+\.js(?=["'`])/g, (name) => renamed.get(name) ?? name));
  }
}

/** That user's computer, joined to a hub that runs elsewhere. */
class Computer {
  private constructor(readonly systemd: UserSystemd, readonly program: string, private readonly hubEnv: Record<string, string>, private readonly figures: string[]) {}

  static async start(asRoot: boolean): Promise<Computer> {
    const systemd = await UserSystemd.start({ root: asRoot });
    const hubEnv = { HOLDFAST_DATA: tempFolder(), HOLDFAST_SECRETS: 'file' };
    await start(process.execPath, [path.join(root, 'out/main/cli/holdfast.js'), 'hub', '--listen', '127.0.0.1:0'], { env: hubEnv }).line(/^listening on /);
    const program = path.join(systemd.home, 'lib', 'holdfast');
    installProgram(program, '1.0.0', 'One');
    const computer = new Computer(systemd, program, hubEnv, []);
    await computer.unlockKeychain();
    return computer;
  }

  /** A keychain as a desktop's login leaves it. */
  async unlockKeychain(): Promise<void> {
    await this.systemd.runOk('systemctl', ['--user', 'start', 'dbus.socket']);
    await this.systemd.runOk('systemd-run', ['--user', '--quiet', '--collect', '--unit=keychain', 'sh', '-c', 'printf secret | exec gnome-keyring-daemon --foreground --unlock --components=secrets']);
    await until('the keychain answers', async () => (await this.systemd.run('busctl', ['--user', 'status', 'org.freedesktop.secrets'])).code === 0);
  }

  holdfast(...args: string[]): Promise<string> {
    return this.systemd.runOk(process.execPath, [path.join(this.program, 'out/main/cli/holdfast.js'), ...args]);
  }

  hub(...args: string[]): Promise<string> {
    return runOk(process.execPath, [path.join(root, 'out/main/cli/holdfast.js'), ...args], { env: this.hubEnv, limit: 120_000 });
  }

  async service(): Promise<Status> {
    return JSON.parse(await this.holdfast('service', 'status', '--json')) as Status;
  }

  /** ms since the epoch at which each process of the service said that it is connected, by the journal. */
  async connections(): Promise<{ pid: number; at: number }[]> {
    const text = await this.systemd.runOk('journalctl', ['--no-pager', '--quiet', '--output=json', '--user-unit=holdfast.service']);
    return text.split('\n').filter(Boolean)
      .map((line) => JSON.parse(line) as { MESSAGE: string; _PID: string; __REALTIME_TIMESTAMP: string })
      .filter(({ MESSAGE }) => MESSAGE.startsWith('connected to '))
      .map((entry) => ({ pid: Number(entry._PID), at: Number(entry.__REALTIME_TIMESTAMP) / 1000 }));
  }

  /** @returns the process that was connected after `since`, other than `before` */
  async connectedAfter(since: number, what: string, before: number | null = null): Promise<number> {
    const found = await until(what, async () => (await this.connections()).find(({ at, pid }) => at >= since && pid !== before), 90_000);
    this.note(`${what}: ${((found.at - since) / 1000).toFixed(1)} s`);
    return found.pid;
  }

  note(figure: string): void {
    this.figures.push(figure);
    console.log(`${this.systemd.user}: ${figure}`);
  }

  /** All that an uninstall must leave as it was: files and links of the user, units, processes and items of the keychain. */
  async everything(): Promise<string[]> {
    const lines = async (command: string, ...args: string[]): Promise<string[]> => (await this.systemd.runOk(command, args)).split('\n').filter(Boolean).sort();
    // The keychain's own file comes with its first item and stays; caches of other programs are theirs.
    const files = await lines('find', this.systemd.home, '-not', '-path', '*/keyrings*', '-not', '-path', `${this.program}/*`, '-not', '-path', '*/.cache/*', '-not', '-path', '*/documents/*', '-printf', '%P %y %l\n');
    const units = await lines('systemctl', '--user', 'list-unit-files', '--no-legend', '--full', 'holdfast*').catch(() => []);
    const loaded = await lines('systemctl', '--user', 'list-units', '--all', '--plain', '--no-legend', '--full', 'holdfast*');
    const processes = (await lines('ps', '-o', 'args=', '-u', String(this.systemd.uid))).filter((line) => line.includes(this.program));
    const runtime = await lines('find', `/run/user/${this.systemd.uid}`, '-name', 'inaccessible', '-prune', '-o', '-iname', '*holdfast*', '-print');
    return [...files, ...units, ...loaded, ...processes, ...runtime, ...(await this.keychain())];
  }

  /** Labels of the items in the keychain, asked of the service itself. */
  async keychain(): Promise<string[]> {
    const { stderr, stdout } = await this.systemd.run('secret-tool', ['search', '--all', 'service', 'Holdfast']);
    return `${stdout}\n${stderr}`.split('\n').filter((line) => line.startsWith('attribute.account')).sort();
  }
}

describe.each([['a user', false], ['root', true]])('the service of %s', (_who, asRoot) => {
  test('lives through a crash, a start of the computer and another version, and leaves nothing', { timeout: 400_000 }, async () => {
    const computer = await Computer.start(asRoot);
    const { systemd } = computer;
    const home = systemd.home;
    for (const name of ['documents', '.cache', '.config', '.local/share', '.local/state']) mkdirSync(path.join(home, name), { recursive: true });
    for (let n = 0; n < 200; n += 1) writeFileSync(path.join(home, 'documents', `${n}`), randomBytes(8 * 2 ** 20));
    await runOk('chown', ['-R', `${systemd.uid}:${systemd.uid}`, home]);
    const before = await computer.everything();

    const { link } = JSON.parse(await computer.hub('setup-token', 'create', 'test', '--json')) as { link: string };
    await computer.holdfast('join', link, '--allow', home);
    const installing = Date.now();
    expect(await computer.holdfast('service', 'install')).toMatch(/^Installed as holdfast\.service\. Running for /);
    const first = await computer.connectedAfter(installing, 'installed until connected');
    expect(await computer.service()).toMatchObject({ state: 'running', pid: first, restarts: 0, current: true });
    expect(await computer.keychain()).toContain('attribute.account = agent-token');

    const killing = Date.now();
    await systemd.runOk('kill', ['-9', String(first)]);
    const second = await computer.connectedAfter(killing, 'kill -9 until connected again', first);
    expect(await computer.service()).toMatchObject({ state: 'running', pid: second, restarts: 1 });

    await systemd.logout();
    const booting = Date.now();
    await systemd.login();
    await computer.unlockKeychain();
    const third = await computer.connectedAfter(booting, 'start of the user manager until connected', second);

    // Another version is put in place while a backup runs, as npm does it: the folder is moved away, the new one comes, the old one goes.
    const { id } = JSON.parse(await computer.hub('job', 'add', 'Documents', path.join(home, 'documents'), '--repo', path.join(home, 'repository'), '--keep-last', '1', '--json')) as { id: string };
    await until('the job is there', async () => (await computer.holdfast('status', '--json')).includes(id));
    const next = path.join(home, 'lib', 'next');
    installProgram(next, '1.0.1', 'Two');
    const run = computer.hub('job', 'run', '--wait');
    await until('the backup writes', () => dataOf(path.join(home, 'repository')) > 0, 60_000);
    renameSync(computer.program, `${computer.program}.old`);
    renameSync(next, computer.program);
    rmSync(`${computer.program}.old`, { recursive: true });
    const replaced = Date.now();
    computer.note(`replaced while ${dataOf(path.join(home, 'repository'))} of its packs were there`);
    // It goes on to its end; what was just about to load one of the files that are gone starts over with the other version.
    const ended = await run.catch((error: unknown) => String(error));
    expect(ended).toMatch(/^Finished: snapshot [0-9a-f]{8}|Another version of Holdfast was installed and takes over from this one in a moment\./);
    computer.note(`the backup that was under way ${ended.startsWith('Finished') ? 'finished' : 'was interrupted'} after ${((Date.now() - replaced) / 1000).toFixed(1)} s`);
    for (const line of (await computer.holdfast('service', 'logs')).split('\n').filter((each) => each.includes('unexpected'))) computer.note(line);
    const fourth = await computer.connectedAfter(replaced, 'replaced until the other version is connected', third);
    // Before that a backup is made only when a person asks for it.
    const { password } = JSON.parse(await computer.holdfast('recovery-kit', '--json')) as { password: string };
    await until('that backup was made, by the one version or the other', async () => {
      const [job] = JSON.parse(await computer.hub('job', 'list', '--json')) as { lastRun: { state: string } }[];
      return job?.lastRun.state === 'succeeded';
    }, 120_000);
    const { agent } = JSON.parse(await computer.holdfast('status', '--json')) as { agent: { version: string; pid: number } };
    expect(agent).toMatchObject({ version: '1.0.1', pid: fourth });
    expect((await computer.service()).state).toBe('running');
    expect(await computer.hub('job', 'run', '--wait')).toMatch(/^Finished: snapshot /);
    await runOk('restic', ['-r', path.join(home, 'repository'), 'check', '--no-cache'], { env: { RESTIC_PASSWORD: password } });

    // What keeps it from starting is tried again for a while, then said; without it, it starts again.
    const settings = path.join(home, '.config/holdfast/settings.json');
    const whole = readFileSync(settings);
    writeFileSync(settings, 'not JSON');
    const breaking = Date.now();
    await systemd.runOk('kill', ['-9', String(fourth)]);
    const given = await until('it is given up', async () => {
      const found = await computer.service();
      return found.state === 'failed' && found;
    }, 90_000);
    computer.note(`crash loop until given up: ${((Date.now() - breaking) / 1000).toFixed(1)} s, ${given.restarts} times started again: "${given.reason}"`);
    expect(given.reason).toMatch(/^It crashed 5 times within a short time \(exit code 1\) and is not started again\. See why with: holdfast service logs\. /);
    writeFileSync(settings, whole);
    const mending = Date.now();
    await computer.holdfast('service', 'install');
    await computer.connectedAfter(mending, 'mended until connected', fourth);

    expect(await computer.keychain()).toHaveLength(2);
    const during = await computer.everything();
    computer.note(`${during.length - before.length} files, links, units, processes and items more than before`);
    expect(during.length).toBeGreaterThan(before.length + 5);
    expect(await computer.holdfast('uninstall', '--purge', '--yes')).toContain('Holdfast is gone from this computer');
    rmSync(path.join(home, 'repository'), { recursive: true });
    expect(await computer.everything()).toEqual(before);
    expect(await computer.keychain()).toEqual([]);
    computer.note('after its removal: nothing more than before');
  });
});

/** How many packs a repository has. */
function dataOf(repository: string): number {
  try {
    return readdirSync(path.join(repository, 'data'), { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile()).length;
  } catch {
    return 0; // not yet
  }
}
