import { z } from 'zod';
import { HoldfastError } from '../../shared/errors.js';
import { countText } from '../../shared/text.js';
import { collect, type Register } from '../cli.js';
import { repositoryAccess } from '../repository/access.js';
import { engineControl } from '../repository/control.js';
import { withEngine } from '../repository/engine.js';
import { addFilterOptions, filterOf, filterOptions } from '../repository/filter.js';

const list = z.array(z.string()).optional();

export const register: Register = (program, cli) => {
  addFilterOptions(program.command('tag').argument('[ids...]').description('change the tags of snapshots: those named, or all that the filters choose'))
    .option('--set <tag>', 'these tags and no others (may be given several times)', collect)
    .option('--add <tag>', 'add a tag (may be given several times)', collect)
    .option('--remove <tag>', 'remove a tag (may be given several times)', collect)
    .action(cli.action(filterOptions.extend({ set: list, add: list, remove: list }), async ({ args, options }) => {
      const { set, add, remove } = options;
      if (set === undefined && add === undefined && remove === undefined) throw new HoldfastError('usage', 'No change is named. Give --set, --add or --remove.');
      if (set !== undefined && (add !== undefined || remove !== undefined)) throw new HoldfastError('usage', '--set replaces all tags; it does not go with --add or --remove.');
      const repository = await repositoryAccess(cli, options);
      const { onProgress: _, ...control } = engineControl(cli, 'tag');
      const result = await withEngine((engine) => engine.tag({ repository, ...(args.length > 0 ? { ids: [...args] } : {}), filter: filterOf(options), set, add, remove }, control));
      cli.result(result, () => `Changed the tags of ${countText(result.changed.length, 'snapshot')}.`);
    }));
};
