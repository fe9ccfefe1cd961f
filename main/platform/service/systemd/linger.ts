/** Whether a user's services run without a login: systemd calls it lingering (loginctl(1)). */
import { HoldfastError } from '../../../shared/errors.js';
import type { Tool } from '../tool.js';
import type { User } from './session.js';

/** @returns null where there is no logind to ask. */
export async function lingers(tool: Tool, { name }: User): Promise<boolean | null> {
  const { code, stdout } = await tool('loginctl', ['show-user', name, '--property=Linger', '--value']);
  if (code !== 0) return null;
  const said = stdout.trim();
  return said === 'yes' ? true : said === 'no' ? false : null;
}

/** @throws HoldfastError with the command that an administrator has to run. */
export async function enableLinger(tool: Tool, user: User): Promise<void> {
  const { code, stderr } = await tool('loginctl', ['enable-linger', user.name]);
  if (code === 0) return;
  const first = stderr.split('\n', 1)[0] ?? '';
  throw new HoldfastError('permission-denied', `The service is installed, but ends when ${user.name} logs out: lingering could not be switched on${first === '' ? '' : ` ("${first}")`}. Have an administrator run: loginctl enable-linger ${user.name}`);
}
