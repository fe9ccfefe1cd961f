import { z } from 'zod';
import { HoldfastError } from '../../shared/errors.js';
import type { Register } from '../cli.js';
import { repositoryAccess } from '../repository/access.js';
import { withEngine } from '../repository/engine.js';
import { addFilterOptions, filterOf, filterOptions } from '../repository/filter.js';

export const register: Register = (program, cli) => {
  addFilterOptions(program.command('dump').argument('<snapshot>').argument('<file>').description('write a file of a snapshot, or a folder as an archive, to standard output'))
    .option('-a, --archive <tar|zip>', 'the archive that a folder comes as')
    .action(cli.action(filterOptions.extend({ archive: z.enum(['tar', 'zip']).optional() }), async ({ args: [snapshot, file], options }) => {
      if (snapshot === undefined || file === undefined) throw new HoldfastError('usage', 'Name a snapshot and a file in it.');
      if (cli.process.stdout.isTTY && options.archive !== undefined) throw new HoldfastError('usage', 'An archive is not for a terminal. Send it to a file with > or to a program with |.');
      const repository = await repositoryAccess(cli, options);
      await withEngine((engine) => engine.dump({
        repository, snapshot, path: file, filter: filterOf(options), ...(options.archive === undefined ? {} : { archive: options.archive }),
      }, { signal: cli.signal, output: (piece) => cli.writeBytes(piece) }));
    }));
};
