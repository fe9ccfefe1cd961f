import { z } from 'zod';
import type { CheckSummary } from '../../backup/types.js';
import { HoldfastError } from '../../shared/errors.js';
import { bytesText, countText } from '../../shared/text.js';
import type { Register } from '../cli.js';
import { repositoryAccess } from '../repository/access.js';
import { engineControl } from '../repository/control.js';
import { withEngine } from '../repository/engine.js';

const options = z.object({ readData: z.boolean().optional(), readDataSubset: z.string().min(1).optional(), withCache: z.boolean().optional() });

export const register: Register = (program, cli) => {
  program.command('check').description('see whether the repository is whole')
    .option('--read-data', 'read and verify every byte')
    .option('--read-data-subset <part>', 'read and verify a part: n/t, x% or a size such as 500M')
    .option('--with-cache', 'trust the metadata kept on this computer instead of reading that of the repository')
    .option('--no-lock', 'do not lock the repository (for one that cannot be written)')
    .action(cli.action(options.extend({ lock: z.boolean().default(true) }), async ({ options: given }) => {
      const repository = await repositoryAccess(cli, given);
      const summary = await withEngine((engine) => engine.check({
        repository, readData: given.readData, readDataSubset: given.readDataSubset, noLock: !given.lock, withCache: given.withCache,
      }, engineControl(cli, 'check')));
      cli.result(summary, () => summaryText(summary));
      if (!summary.ok) {
        throw new HoldfastError('repository-damaged', `The repository has ${countText(summary.error_count, 'error')}. Keep a copy of it before you try to repair it.`);
      }
    }));
};

function summaryText({ bytes_read: bytes, hints, ok, packs, packs_read: read, snapshots }: CheckSummary): string {
  const looked = `Looked at ${countText(snapshots, 'snapshot')} and ${countText(packs, 'pack')}`;
  const readText = read > 0 ? `, read ${countText(read, 'pack')} (${bytesText(bytes)})` : '';
  return [...hints.map((hint) => `Note: ${hint}`), `${looked}${readText}.`, ...(ok ? ['No errors were found.'] : [])].join('\n');
}
