import { z } from 'zod';
import type { Register } from '../cli.js';
import { withEngine } from '../repository/engine.js';
import { repositoryAccess } from '../repository/access.js';

export const register: Register = (program, cli) => {
  program.command('init').description('make a new repository')
    .option('--repository-version <1|2>', 'version of the repository format', '2')
    .action(cli.action(z.object({ repositoryVersion: z.enum(['1', '2', 'stable', 'latest']) }), async ({ options }) => {
      const repository = await repositoryAccess(cli, options, true);
      const version = options.repositoryVersion === '1' ? 1 : 2;
      const result = await withEngine((engine) => engine.init({ repository, version }, { signal: cli.signal }));
      cli.result(result, () => `Made the repository ${result.id.slice(0, 10)} at ${result.repository}.\n`
        + 'Keep its password: without it nobody, you included, can read what is in it.');
    }));
};
