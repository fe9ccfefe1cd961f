import { z } from 'zod';
import { HoldfastError } from '../../shared/errors.js';
import type { Register } from '../cli.js';
import { engineControl } from '../repository/control.js';
import { withEngine } from '../repository/engine.js';
import { repositoryAccess } from '../repository/access.js';
import { addSourceOptions, sourceAccess, sourceOptions } from '../repository/source-repository.js';

const options = sourceOptions.extend({ repositoryVersion: z.enum(['1', '2', 'stable', 'latest']), copyChunkerParams: z.boolean().optional() });

export const register: Register = (program, cli) => {
  addSourceOptions(program.command('init').description('make a new repository'), 'the repository whose parameters to take')
    .option('--repository-version <1|2>', 'version of the repository format', '2')
    .option('--copy-chunker-params', 'cut files as --from-repo does, so that copies between the two share their data')
    .action(cli.action(options, async ({ options }) => {
      if (options.copyChunkerParams !== true && options.fromRepo !== undefined) throw new HoldfastError('usage', '--from-repo says nothing without --copy-chunker-params. Give both, or neither.');
      const repository = await repositoryAccess(cli, options, true);
      const copyChunkerFrom = options.copyChunkerParams === true ? await sourceAccess(cli, options, repository) : undefined;
      const version = options.repositoryVersion === '1' ? 1 : 2;
      const result = await withEngine((engine) => engine.init({ repository, version, ...(copyChunkerFrom === undefined ? {} : { copyChunkerFrom }) }, engineControl(cli, 'init')));
      cli.result(result, () => `Made the repository ${result.id.slice(0, 10)} at ${result.repository}.\n`
        + 'Keep its password: without it nobody, you included, can read what is in it.');
    }));
};
