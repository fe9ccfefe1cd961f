/** Whether this user's systemd can be asked, and why not. */
import { existsSync } from 'node:fs';
import { HoldfastError } from '../../../shared/errors.js';
import type { Env } from '../program.js';
import type { Tool } from '../tool.js';

export interface User {
  readonly uid: number;
  readonly name: string;
}

/** The environment with the user's runtime folder: cron, su and ssh with a command often lack it. */
export function sessionEnv(env: Env, { uid }: User, exists: (path: string) => boolean = existsSync): Env {
  const usual = `/run/user/${uid}`;
  return env['XDG_RUNTIME_DIR'] || !exists(usual) ? env : { ...env, XDG_RUNTIME_DIR: usual };
}

/** @returns the folders in which this user's systemd looks for units. @throws HoldfastError with what to do where there is no such systemd. */
export async function unitPath(tool: Tool, user: User, env: Env): Promise<string> {
  const { code, missing, stderr, stdout } = await tool('systemctl', ['--user', 'show', '--property=UnitPath', '--value']);
  if (code === 0) return stdout.trim();
  if (missing) {
    throw new HoldfastError('not-found', 'This computer has no systemd, so Holdfast cannot install itself as a service. Have your own service manager, or cron with @reboot, run: holdfast agent');
  }
  const sudoer = env['SUDO_USER'];
  if (user.uid === 0 && sudoer !== undefined && sudoer !== 'root') {
    throw new HoldfastError('usage', `This runs as root for ${sudoer}, whose service manager cannot be reached that way. Run it without sudo, as the user whose files are backed up.`);
  }
  if (code === null) throw new HoldfastError('destination-failed', 'systemd does not answer. Try again in a minute.', { retryable: true });
  const first = stderr.split('\n', 1)[0] ?? '';
  throw new HoldfastError('not-found', `${user.name} has no systemd session here${first === '' ? '' : ` ("${first}")`}. Log in as ${user.name} directly rather than through su or sudo, or, on a server, first run as root: loginctl enable-linger ${user.name}`);
}
