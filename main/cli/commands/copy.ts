import { z } from 'zod';
import { HoldfastError } from '../../shared/errors.js';
import { bytesText, countText } from '../../shared/text.js';
import type { Register } from '../cli.js';
import { repositoryAccess } from '../repository/access.js';
import { engineControl } from '../repository/control.js';
import { withEngine } from '../repository/engine.js';
import { addFilterOptions, filterOf, filterOptions } from '../repository/filter.js';

const options = filterOptions.extend({ fromRepo: z.string().optional(), fromPasswordFile: z.string().optional() });

export const register: Register = (program, cli) => {
  addFilterOptions(program.command('copy').argument('[ids...]').description('copy snapshots from another repository into --repo'))
    .option('--from-repo <url>', 'where they are (else RESTIC_FROM_REPOSITORY)')
    .option('--from-password-file <file>', 'a file with its password (else the same password, or RESTIC_FROM_PASSWORD)')
    .action(cli.action(options, async ({ args, options: given }) => {
      const url = given.fromRepo ?? cli.env['RESTIC_FROM_REPOSITORY'];
      if (!url) throw new HoldfastError('usage', 'Where to copy from is missing. Give --from-repo.');
      const repository = await repositoryAccess(cli, given);
      const passwordFile = given.fromPasswordFile ?? cli.env['RESTIC_FROM_PASSWORD_FILE'];
      const known = cli.env['RESTIC_FROM_PASSWORD'];
      const from = passwordFile === undefined && known
        ? { ...repository, url, password: known }
        : await repositoryAccess(cli, { ...given, repo: url, ...(passwordFile === undefined ? {} : { passwordFile }) });
      const result = await withEngine((engine) => engine.copy({ repository, from, filter: filterOf(given), ...(args.length > 0 ? { snapshots: [...args] } : {}) }, engineControl(cli, 'copy')));
      cli.result(result, () => `Copied ${countText(result.copied.length, 'snapshot')}: ${countText(result.blobs, 'blob')}, ${bytesText(result.bytes)}.${
        result.skipped.length > 0 ? ` ${countText(result.skipped.length, 'snapshot')} had been copied before.` : ''}`);
    }));
};
