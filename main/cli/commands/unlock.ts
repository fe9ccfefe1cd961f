import { z } from 'zod';
import { countText } from '../../shared/text.js';
import type { Register } from '../cli.js';
import { repositoryAccess } from '../repository/access.js';
import { withEngine } from '../repository/engine.js';

export const register: Register = (program, cli) => {
  program.command('unlock').description('remove locks that ended programs left behind')
    .option('--remove-all', 'remove the locks of running programs as well')
    .action(cli.action(z.object({ removeAll: z.boolean().optional() }), async ({ options }) => {
      const repository = await repositoryAccess(cli, options);
      const result = await withEngine((engine) => engine.unlock({ repository, removeAll: options.removeAll }, { signal: cli.signal }));
      cli.result(result, () => `${countText(result.removed, 'lock')} removed${result.remaining > 0 ? `, ${result.remaining} still in use` : ''}.`);
    }));
};
