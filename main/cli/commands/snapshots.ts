import { z } from 'zod';
import type { Snapshot } from '../../backup/types.js';
import { countText } from '../../shared/text.js';
import type { Register } from '../cli.js';
import { repositoryAccess } from '../repository/access.js';
import { engineControl } from '../repository/control.js';
import { withEngine } from '../repository/engine.js';
import { addFilterOptions, filterOf, filterOptions } from '../repository/filter.js';
import { localTime, table } from '../terminal/table.js';

export const register: Register = (program, cli) => {
  addFilterOptions(program.command('snapshots').argument('[ids...]').description('list the snapshots'))
    .option('--latest <n>', 'only the newest N of each computer and path')
    .action(cli.action(filterOptions.extend({ latest: z.coerce.number().int().positive().optional() }), async ({ args, options }) => {
      const repository = await repositoryAccess(cli, options);
      const { onProgress: _, ...control } = engineControl(cli, 'snapshots');
      const found = await withEngine((engine) => engine.snapshots({
        repository, filter: filterOf(options), ...(args.length > 0 ? { ids: [...args] } : {}), ...(options.latest === undefined ? {} : { latest: options.latest }),
      }, control));
      cli.result(found, () => snapshotTable(found));
    }));
};

export function snapshotTable(snapshots: readonly Snapshot[]): string {
  if (snapshots.length === 0) return 'No snapshots.';
  const rows = snapshots.flatMap(({ hostname, paths, short_id: id, tags, time }) => [
    [id, localTime(time), hostname, (tags ?? []).join(', '), paths[0] ?? ''],
    ...paths.slice(1).map((path) => ['', '', '', '', path]),
  ]);
  return `${table(['ID', 'Time', 'Host', 'Tags', 'Paths'], rows)}\n${countText(snapshots.length, 'snapshot')}`;
}
