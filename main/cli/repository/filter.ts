/** The options that choose snapshots, the same in every command. */
import type { Command } from 'commander';
import { z } from 'zod';
import type { SnapshotFilter } from '../../backup/types.js';
import { collect } from '../cli.js';

export const filterOptions = z.object({
  host: z.array(z.string()).optional(),
  tag: z.array(z.string()).optional(),
  path: z.array(z.string()).optional(),
});

export const addFilterOptions = (command: Command): Command => command
  .option('-H, --host <host>', 'only snapshots of this computer (may be given several times)', collect)
  .option('--tag <tag,...>', 'only snapshots with all of these tags (may be given several times)', collect)
  .option('--path <path>', 'only snapshots of this absolute path (may be given several times)', collect);

export const filterOf = ({ host, path, tag }: z.infer<typeof filterOptions>): SnapshotFilter => ({
  ...(host === undefined ? {} : { host }), ...(tag === undefined ? {} : { tags: tag }), ...(path === undefined ? {} : { paths: path }),
});
