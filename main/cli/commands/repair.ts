import { z } from 'zod';
import { countText } from '../../shared/text.js';
import type { Register } from '../cli.js';
import { repositoryAccess } from '../repository/access.js';
import { engineControl } from '../repository/control.js';
import { withEngine } from '../repository/engine.js';

export const register: Register = (program, cli) => {
  const repair = program.command('repair').description('mend a damaged repository');
  repair.command('index').description('write the index anew from the packs that are there')
    .option('--read-all-packs', 'trust no index; read the header of every pack')
    .action(cli.action(z.object({ readAllPacks: z.boolean().optional() }), async ({ options }) => {
      const repository = await repositoryAccess(cli, options);
      const result = await withEngine((engine) => engine.repairIndex({ repository, readAllPacks: options.readAllPacks }, engineControl(cli, 'repair')));
      cli.result(result, () => [
        `The index now covers ${countText(result.packs, 'pack')}; ${countText(result.packs_read, 'pack')} read.`,
        ...(result.damaged_packs.length === 0 ? [] : [`${countText(result.damaged_packs.length, 'pack')} cannot be read and ${result.damaged_packs.length === 1 ? 'is' : 'are'} left out: ${result.damaged_packs.join(', ')}`]),
      ].join('\n'));
    }));
};
