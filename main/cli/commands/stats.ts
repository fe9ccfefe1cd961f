import { z } from 'zod';
import type { StatsResult } from '../../backup/types.js';
import { bytesText, countText } from '../../shared/text.js';
import type { Register } from '../cli.js';
import { repositoryAccess } from '../repository/access.js';
import { engineControl } from '../repository/control.js';
import { withEngine } from '../repository/engine.js';
import { addFilterOptions, filterOf, filterOptions } from '../repository/filter.js';

const modes = ['restore-size', 'files-by-contents', 'blobs-per-file', 'raw-data'] as const;

export const register: Register = (program, cli) => {
  addFilterOptions(program.command('stats').argument('[ids...]').description('say how much is stored'))
    .option('--mode <mode>', `what to count: ${modes.join(', ')}`)
    .action(cli.action(filterOptions.extend({ mode: z.enum(modes).optional() }), async ({ args, options }) => {
      const repository = await repositoryAccess(cli, options);
      const { onProgress: _, ...control } = engineControl(cli, 'stats');
      const result = await withEngine((engine) => engine.stats({ repository, mode: options.mode, filter: filterOf(options), ...(args.length > 0 ? { snapshots: [...args] } : {}) }, control));
      cli.result(result, () => statsText(result));
    }));
};

function statsText({ compression_ratio: ratio, mode, snapshots_count: snapshots, total_blob_count: blobs, total_file_count: files, total_size: size }: StatsResult): string {
  const parts = [`${countText(snapshots, 'snapshot')}, counted by ${mode}: ${bytesText(size)}`];
  if (files !== undefined) parts.push(countText(files, 'file'));
  if (blobs !== undefined) parts.push(countText(blobs, 'blob'));
  if (ratio !== undefined) parts.push(`compressed ${ratio.toFixed(2)} to 1`);
  return parts.join(', ');
}
