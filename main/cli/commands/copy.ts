import { bytesText, countText } from '../../shared/text.js';
import type { Register } from '../cli.js';
import { repositoryAccess } from '../repository/access.js';
import { engineControl } from '../repository/control.js';
import { withEngine } from '../repository/engine.js';
import { addFilterOptions, filterOf, filterOptions } from '../repository/filter.js';
import { addSourceOptions, sourceAccess, sourceOptions } from '../repository/source-repository.js';

const options = filterOptions.extend(sourceOptions.shape);

export const register: Register = (program, cli) => {
  addSourceOptions(addFilterOptions(program.command('copy').argument('[ids...]').description('copy snapshots from another repository into --repo')), 'where they are')
    .action(cli.action(options, async ({ args, options: given }) => {
      const repository = await repositoryAccess(cli, given);
      const from = await sourceAccess(cli, given, repository);
      const result = await withEngine((engine) => engine.copy({ repository, from, filter: filterOf(given), ...(args.length > 0 ? { snapshots: [...args] } : {}) }, engineControl(cli, 'copy')));
      cli.result(result, () => `Copied ${countText(result.copied.length, 'snapshot')}: ${countText(result.blobs, 'blob')}, ${bytesText(result.bytes)}.${
        result.skipped.length > 0 ? ` ${countText(result.skipped.length, 'snapshot')} had been copied before.` : ''}`);
    }));
};
