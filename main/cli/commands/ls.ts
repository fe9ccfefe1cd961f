import { z } from 'zod';
import type { LsEntry, Snapshot } from '../../backup/types.js';
import { HoldfastError } from '../../shared/errors.js';
import type { Register } from '../cli.js';
import { repositoryAccess } from '../repository/access.js';
import { withEngine } from '../repository/engine.js';
import { addFilterOptions, filterOf, filterOptions } from '../repository/filter.js';
import { localTime } from '../terminal/table.js';

export const register: Register = (program, cli) => {
  addFilterOptions(program.command('ls').argument('<snapshot>').argument('[folders...]').description('list what is in a snapshot ("latest" is the newest)'))
    .option('-l, --long', 'with permissions, owner, size and time')
    .option('--recursive', 'with everything below the given folders')
    .action(cli.action(filterOptions.extend({ long: z.boolean().default(false), recursive: z.boolean().optional() }), async ({ args: [snapshot, ...folders], options }) => {
      if (snapshot === undefined) throw new HoldfastError('usage', 'No snapshot is named. Give an id, or "latest".');
      const repository = await repositoryAccess(cli, options);
      let head: Snapshot | null = null;
      const entries: LsEntry[] = [];
      const result = await withEngine((engine) => engine.ls({
        repository, snapshot, filter: filterOf(options), ...(folders.length > 0 ? { paths: folders } : {}),
        ...(options.recursive === undefined ? {} : { recursive: options.recursive }),
      }, { signal: cli.signal, onEntries: (batch) => { entries.push(...batch); } }));
      head = result.snapshot;
      // restic prints one JSON object per line, the snapshot first.
      if (cli.json) cli.write(`${JSON.stringify({ message_type: 'snapshot', ...head })}\n`);
      else cli.chat(`Snapshot ${head.short_id} of ${head.paths.join(', ')} at ${localTime(head.time)}:`);
      for (const entry of [...result.entries, ...entries]) cli.write(`${cli.json ? JSON.stringify(entry) : options.long ? longLine(entry) : entry.path}\n`);
    }));
};

const longLine = ({ gid, group, linktarget, mtime, path, permissions, size, uid, user }: LsEntry): string =>
  `${permissions} ${(user ?? String(uid)).padStart(8)} ${(group ?? String(gid)).padStart(8)} ${String(size ?? 0).padStart(12)} ${localTime(mtime)} ${path}${linktarget === undefined ? '' : ` -> ${linktarget}`}`;
