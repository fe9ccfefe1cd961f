import { z } from 'zod';
import type { KeyInfo } from '../../backup/types.js';
import { HoldfastError } from '../../shared/errors.js';
import type { Cli, Register } from '../cli.js';
import { passwordFromFile, repositoryAccess } from '../repository/access.js';
import { withEngine } from '../repository/engine.js';
import { askPassword, canAsk } from '../terminal/prompt.js';
import { localTime, table } from '../terminal/table.js';

const fresh = z.object({ newPasswordFile: z.string().min(1).optional() });

export const register: Register = (program, cli) => {
  const key = program.command('key').description('the passwords that open a repository');

  key.command('list').description('list them').action(cli.action(z.object({}), async ({ options }) => {
    const repository = await repositoryAccess(cli, options);
    const keys = await withEngine((engine) => engine.keyList({ repository }, { signal: cli.signal }));
    cli.result(keys, () => table(['', 'ID', 'User', 'Host', 'Created'], keys.map((each) => [each.current ? '*' : '', each.id.slice(0, 8), each.userName, each.hostName, localTime(each.created)])));
  }));

  key.command('add').description('add a password')
    .option('--new-password-file <file>', 'a file with the new password')
    .option('--user <name>', 'whose it is').option('--host <name>', 'the computer it is for')
    .action(cli.action(fresh.extend({ user: z.string().optional(), host: z.string().optional() }), async ({ options }) => {
      const repository = await repositoryAccess(cli, options);
      const newPassword = await readNewPassword(cli, options.newPasswordFile);
      const added = await withEngine((engine) => engine.keyAdd({ repository, newPassword, user: options.user, host: options.host }, { signal: cli.signal }));
      cli.result(added, () => saved(added));
    }));

  key.command('passwd').description('change the password')
    .option('--new-password-file <file>', 'a file with the new password')
    .action(cli.action(fresh, async ({ options }) => {
      const repository = await repositoryAccess(cli, options);
      const newPassword = await readNewPassword(cli, options.newPasswordFile);
      const changed = await withEngine((engine) => engine.keyPasswd({ repository, newPassword }, { signal: cli.signal }));
      cli.result(changed, () => saved(changed));
    }));

  key.command('remove').argument('<id>').description('remove a password').action(cli.action(z.object({}), async ({ args: [id = ''], options }) => {
    const repository = await repositoryAccess(cli, options);
    const result = await withEngine((engine) => engine.keyRemove({ repository, id }, { signal: cli.signal }));
    cli.result(result, () => `Removed the key ${result.removed.slice(0, 8)}.`);
  }));
};

const saved = ({ id }: KeyInfo): string => `Saved the new password as key ${id.slice(0, 8)}.`;

async function readNewPassword(cli: Cli, file: string | undefined): Promise<string> {
  if (file !== undefined) return passwordFromFile(file);
  if (!canAsk(cli)) throw new HoldfastError('password-missing', 'The new password is missing. Give --new-password-file.');
  const password = await askPassword(cli, 'New password: ');
  if (password === '') throw new HoldfastError('password-missing', 'An empty password protects nothing. Choose one.');
  if ((await askPassword(cli, 'Once more: ')) !== password) throw new HoldfastError('usage', 'The two passwords differ. Try again.');
  return password;
}
