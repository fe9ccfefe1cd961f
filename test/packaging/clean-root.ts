/** A Debian that knows nothing of Holdfast, in a folder; commands run in it with their own processes and mounts. Needs root, debootstrap and the network. */
import { chmodSync, cpSync, mkdtempSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { run, start, type Finished, type Running } from '../helpers/processes.js';

export class CleanRoot {
  private constructor(readonly folder: string) {}

  /** @param made one that exists already, to save its installation */
  static async make(made = process.env['HOLDFAST_TEST_ROOT']): Promise<CleanRoot> {
    if (made) return new CleanRoot(made);
    const folder = mkdtempSync(path.join(tmpdir(), 'holdfast-root-'));
    chmodSync(folder, 0o755); // it becomes the / of normal users
    const { code, stdout } = await run('debootstrap', ['--variant=minbase', 'bookworm', folder], { limit: 15 * 60_000 });
    if (code !== 0) throw new Error(`debootstrap ended with ${code}\n${stdout.slice(-2000)}`);
    cpSync('/etc/resolv.conf', path.join(folder, 'etc/resolv.conf'));
    return new CleanRoot(folder);
  }

  /** A command as root in there. */
  run(...command: string[]): Promise<Finished> {
    return run('unshare', this.entering(command), { limit: 15 * 60_000, env: { DEBIAN_FRONTEND: 'noninteractive', DISPLAY: undefined } });
  }

  async runOk(...command: string[]): Promise<string> {
    const { code, stderr, stdout } = await this.run(...command);
    if (code !== 0) throw new Error(`${command.join(' ')} ended with ${code}\n${stdout}${stderr}`);
    return stdout;
  }

  /** A command that stays up; ends, with all it started, with the current test. */
  start(...command: string[]): Running {
    return start('unshare', this.entering(command), { env: { DISPLAY: undefined, DBUS_SESSION_BUS_ADDRESS: undefined, XDG_RUNTIME_DIR: undefined } });
  }

  async remove(): Promise<void> {
    if (!process.env['HOLDFAST_TEST_ROOT']) await rm(this.folder, { recursive: true, force: true });
  }

  private entering(command: string[]): string[] {
    const prepare = 'mount -t proc proc "$0/proc" && mount --rbind /dev "$0/dev" && mount -t tmpfs -o mode=1777 tmpfs "$0/dev/shm" && exec chroot "$0" "$@"';
    return ['--mount', '--pid', '--fork', '--kill-child', 'sh', '-c', prepare, this.folder, ...command];
  }
}
