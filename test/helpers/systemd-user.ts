/**
 * A real `systemd --user` with a real journal, for a user that exists only there: on any Linux where this process may make
 * namespaces and control groups (root), whatever its own init is. All of it lives in one pid and mount namespace, so
 * ending that ends every process and every mount of it.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmdirSync, rmSync, writeFileSync } from 'node:fs';
import { chown, mkdtemp } from 'node:fs/promises';
import { randomInt } from 'node:crypto';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { onTestFinished } from 'vitest';
import { run, start, type Finished, type Running } from './processes.js';
import { removeTree } from './temp.js';
import { until } from './until.js';

/** Where control groups can be made: the whole tree, or its second version beside the first. */
const cgroups = ['/sys/fs/cgroup/unified', '/sys/fs/cgroup'].find((folder) => existsSync(path.join(folder, 'cgroup.procs')));

/** Why there can be no such systemd here; null when there can. */
export function whyNoSystemd(): string | null {
  if (process.platform !== 'linux') return 'this is not Linux';
  if (!existsSync('/lib/systemd/systemd')) return 'systemd is not installed';
  if (process.getuid?.() !== 0) return 'it takes root to make the namespaces it lives in';
  if (cgroups === undefined) return 'there is no second version of control groups';
  const probe = path.join(cgroups, `holdfast-probe-${process.pid}`);
  try {
    mkdirSync(probe);
    rmdirSync(probe);
  } catch {
    return 'control groups cannot be made';
  }
  return spawnSync('unshare', ['--mount', '--pid', '--fork', 'true']).status === 0 ? null : 'namespaces cannot be made';
}

export interface SystemdOptions {
  /** Run it for root instead of a user of its own. */
  readonly root?: boolean;
}

export class UserSystemd {
  private manager: Running | null = null;

  private constructor(
    readonly uid: number,
    readonly user: string,
    /** The user's home; removed at the end. */
    readonly home: string,
    private readonly cgroup: string,
    private readonly namespace: string,
  ) {}

  /** Ends with the current test. */
  static async start({ root = false }: SystemdOptions = {}): Promise<UserSystemd> {
    // A user of its own: nobody else's processes count to its limits, and the journal keeps a file for it.
    const uid = root ? 0 : randomInt(20_000, 30_000);
    const user = root ? 'root' : 'holdfast-test';
    const folder = await mkdtemp(path.join(tmpdir(), 'holdfast-systemd-'));
    onTestFinished(() => removeTree(folder));
    const home = path.join(folder, 'home');
    mkdirSync(home, { mode: 0o700 });
    await Promise.all([folder, home].map((name) => chown(name, uid, uid)));
    // journald takes a message's unit from the name of the sender's control group.
    const slice = `holdfast-${process.pid}-${randomInt(1e9)}.slice`;
    const cgroup = path.join(slice, `user-${uid}.slice`, `user@${uid}.service`);
    mkdirSync(path.join(cgroups ?? '', cgroup), { recursive: true });
    const script = path.join(folder, 'init.sh');
    writeFileSync(script, initScript, { mode: 0o755 });
    const env = { FOLDER: folder, CGROUPS: cgroups, CGROUP: cgroup, SLICE: slice, USER_ID: String(uid), USER_NAME: user, USER_HOME: home };
    const init = start('unshare', ['--mount', '--pid', '--fork', '--kill-child', 'bash', script], { env, keep: true });
    onTestFinished(async () => {
      init.signal('SIGKILL'); // the first process of a pid namespace takes all others with it
      await init.ended;
      await until('the control groups are free', () => removeCgroups(slice));
    });
    await init.line(/^ready$/);
    const child = readFileSync(`/proc/${init.pid}/task/${init.pid}/children`, 'utf8').trim();
    const systemd = new UserSystemd(uid, user, home, cgroup, child);
    await systemd.login();
    return systemd;
  }

  /** The user's manager starts, as with the first login or, with lingering, with the computer. */
  async login(): Promise<void> {
    const command = `echo 0 > ${path.join('/sys/fs/cgroup', this.cgroup, 'cgroup.procs')}; exec "$@"`;
    this.manager = start('nsenter', [...this.nsenter, 'sh', '-c', command, 'sh', ...this.asUser, '/lib/systemd/systemd', '--user'], { keep: true });
    await until('the user manager answers', async () => (await this.run('systemctl', ['--user', 'show', '--property=Version'])).code === 0);
    await until('the user manager is up', async () => (await this.run('systemctl', ['--user', 'is-active', 'default.target'])).code === 0);
  }

  /** All services of the user stop and the manager ends. */
  async logout(): Promise<void> {
    await this.run('systemctl', ['--user', 'exit']);
    await this.manager?.ended;
  }

  /** Runs a command as the user, with nothing but what a login gives it. */
  run(command: string, args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Finished> {
    const added = Object.entries(env).map(([name, value]) => `${name}=${value}`);
    return run('nsenter', [...this.nsenter, ...this.asUser, ...added, command, ...args]);
  }

  /** Like run, but an exit code other than 0 is an error that quotes what the command said. Returns stdout. */
  async runOk(command: string, args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<string> {
    const { code, stderr, stdout } = await this.run(command, args, env);
    if (code !== 0) throw new Error(`${command} ${args.join(' ')} ended with ${code}\n${stdout}${stderr}`);
    return stdout;
  }

  /** What an uninstall must leave as it was: the user's files outside of Holdfast's own folders, units that the manager knows, and processes. */
  async traces(): Promise<string[]> {
    const lines = async (command: string, ...args: string[]): Promise<string[]> => (await this.runOk(command, args)).split('\n').sort();
    const files = await lines('find', this.home, '-not', '-path', '*/holdfast/*', '-not', '-name', 'holdfast', '-printf', '%P %y %l\n');
    const units = await lines('systemctl', '--user', 'list-units', '--all', '--plain', '--no-legend', '--full', 'holdfast*');
    const processes = await lines('ps', '-o', 'args=', '-u', String(this.uid));
    return [...files, ...units, ...processes.filter((line) => line.includes(process.execPath))];
  }

  private get nsenter(): string[] {
    return [`--target=${this.namespace}`, '--mount', '--pid', '--'];
  }

  private get asUser(): string[] {
    return [
      'setpriv', `--reuid=${this.uid}`, `--regid=${this.uid}`, '--clear-groups',
      'env', '-i', '-C', this.home, `HOME=${this.home}`, `USER=${this.user}`, `XDG_RUNTIME_DIR=/run/user/${this.uid}`, `PATH=${process.env['PATH'] ?? ''}`, 'LANG=C.UTF-8',
    ];
  }
}

/** @returns whether all are gone; they stay while a process that was in them is not yet reaped. */
function removeCgroups(slice: string): boolean {
  const top = path.join(cgroups ?? '', slice);
  if (!existsSync(top)) return true;
  const { stdout } = spawnSync('find', [top, '-depth', '-type', 'd'], { encoding: 'utf8' });
  for (const folder of stdout.split('\n').filter(Boolean)) {
    try {
      rmdirSync(folder);
    } catch {
      return false;
    }
  }
  rmSync(top, { recursive: true, force: true });
  return !existsSync(top);
}

/** The first process of the namespaces: makes its world, starts the journal, and waits. */
const initScript = `set -eu
mount --make-rprivate /
mount -t proc proc /proc
mount -t tmpfs tmpfs /run/user
mkdir -p "/run/user/$USER_ID" && chmod 700 "/run/user/$USER_ID" && chown "$USER_ID:$USER_ID" "/run/user/$USER_ID"
mount -t tmpfs tmpfs /run/systemd
mkdir -p /run/systemd/system /run/systemd/journal /run/systemd/journald.conf.d "$FOLDER/log/journal/$(cat /etc/machine-id)"
touch /run/systemd/journal/flushed
printf '[Journal]\\nReadKMsg=no\\nAudit=no\\nStorage=persistent\\nForwardToWall=no\\nRateLimitIntervalSec=0\\n' > /run/systemd/journald.conf.d/test.conf
chmod 755 "$FOLDER" "$FOLDER/log"
mount --bind "$FOLDER/log" /var/log
if [ "$USER_ID" != 0 ]; then
  cat /etc/passwd > "$FOLDER/passwd"; echo "$USER_NAME:x:$USER_ID:$USER_ID::$USER_HOME:/bin/sh" >> "$FOLDER/passwd"
  cat /etc/group > "$FOLDER/group"; echo "$USER_NAME:x:$USER_ID:" >> "$FOLDER/group"
  mount --bind "$FOLDER/passwd" /etc/passwd
  mount --bind "$FOLDER/group" /etc/group
fi
[ "$CGROUPS" = /sys/fs/cgroup ] || mount -t cgroup2 cgroup2 /sys/fs/cgroup
cd /sys/fs/cgroup
mkdir -p "$SLICE/init.scope" "$SLICE/system.slice/systemd-journald.service"
chown -R "$USER_ID" "$CGROUP"
echo 0 > "$SLICE/system.slice/systemd-journald.service/cgroup.procs"
/lib/systemd/systemd-journald &
echo 0 > "$SLICE/init.scope/cgroup.procs"
until [ -S /run/systemd/journal/stdout ]; do sleep 0.05; done
echo ready
while :; do sleep 3600 & wait $!; done
`;
