import { z } from 'zod';
import type { PruneSummary } from '../../backup/types.js';
import { bytesText, countText } from '../../shared/text.js';
import type { Register } from '../cli.js';
import { repositoryAccess } from '../repository/access.js';
import { engineControl } from '../repository/control.js';
import { withEngine } from '../repository/engine.js';

const flag = z.boolean().optional();
const options = z.object({ dryRun: flag, maxUnused: z.string().optional(), maxRepackSize: z.string().optional(), repackCacheableOnly: flag, repackSmall: flag, repackUncompressed: flag, unsafeRecoverNoFreeSpace: z.string().optional() });

export const register: Register = (program, cli) => {
  program.command('prune').description('free the space of what no snapshot needs')
    .option('-n, --dry-run', 'remove nothing')
    .option('--max-unused <limit>', 'unused data that may stay: 5%, 200M, unlimited')
    .option('--max-repack-size <size>', 'write no more than this anew')
    .option('--repack-cacheable-only', 'rewrite packs of metadata only')
    .option('--repack-small', 'rewrite small packs as well')
    .option('--repack-uncompressed', 'compress what is not')
    .option('--unsafe-recover-no-free-space <repository id>', 'for a destination so full that nothing can be written: removes the index before it writes the new one')
    .action(cli.action(options, async ({ options: { dryRun, maxUnused, maxRepackSize, repackCacheableOnly, repackSmall, repackUncompressed, unsafeRecoverNoFreeSpace, ...given } }) => {
      const repository = await repositoryAccess(cli, given);
      const summary = await withEngine((engine) => engine.prune({
        repository, dryRun, options: { maxUnused, maxRepackSize, repackCacheableOnly, repackSmall, repackUncompressed, unsafeRecoverNoFreeSpace },
      }, engineControl(cli, 'prune')));
      cli.result(summary, () => pruneText(summary));
    }));
};

export function pruneText({ bytes_freed: freed, dry_run: dryRun, packs_removed: removed, packs_repacked: repacked }: PruneSummary): string {
  return `${dryRun ? 'Would free' : 'Freed'} ${bytesText(freed)}: ${countText(removed, 'pack')} removed, ${countText(repacked, 'pack')} written anew.`;
}
