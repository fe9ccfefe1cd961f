/** holdfast service: the agent as a service of this user, which starts it at login (on a server: with the computer) and after a crash. */
import { z } from 'zod';
import type { ServiceStatus, UserService } from '../../platform/service/index.js';
import type { Cli, Register } from '../cli.js';

export const register: Register = (program, cli) => {
  const service = program.command('service').description('run the agent as a service of this user');

  service.command('install')
    .description('write, enable and start the service; also corrects one that is out of date')
    .option('--linger', 'keep it running when you are logged out, and start it with the computer (systemd)')
    .action(cli.action(z.object({ linger: z.boolean().default(false) }), async ({ options: { linger } }) => {
      const status = await (await open(cli)).install({ linger });
      cli.result(status, () => [`Installed as ${status.name}. ${status.reason}`, ...advice(status)].join('\n'));
      return status.state === 'failed' ? 1 : 0;
    }));

  service.command('uninstall')
    .description('stop and remove the service; settings, passwords and repositories stay')
    .action(cli.action(z.object({}), async () => {
      const result = await (await open(cli)).uninstall();
      cli.result(result, () => (result.removed ? 'The service is stopped and removed.' : 'There was no service to remove.'));
    }));

  service.command('status')
    .description('whether it is installed and runs')
    .action(cli.action(z.object({}), async () => {
      const status = await (await open(cli)).status();
      cli.result(status, () => [status.reason, ...advice(status)].join('\n'));
    }));

  service.command('logs')
    .description('what the service has printed')
    .option('-n, --lines <number>', 'how many lines', '100')
    .action(cli.action(z.object({ lines: z.coerce.number().int().min(1).max(100_000) }), async ({ options: { lines } }) => {
      const entries = await (await open(cli)).logs(lines);
      cli.result(entries, () => entries.join('\n'));
    }));
};

const open = async (cli: Cli): Promise<UserService> => (await import('../service.js')).cliService(cli);

/** What a person on a server does not expect of a user service. */
function advice({ staysAfterLogout, state }: ServiceStatus): string[] {
  return state === 'running' && staysAfterLogout === false
    ? ['It ends when you log out. To keep it on a server: holdfast service install --linger']
    : [];
}
