import { z } from 'zod';
import { groupSnapshots } from '../../backup/operations/forget.js';
import type { Snapshot } from '../../backup/types.js';
import { countText } from '../../shared/text.js';
import type { Register } from '../cli.js';
import { repositoryAccess } from '../repository/access.js';
import { engineControl } from '../repository/control.js';
import { withEngine } from '../repository/engine.js';
import { addFilterOptions, filterOf, filterOptions } from '../repository/filter.js';
import { groupTitle, parseGroups } from '../repository/groups.js';
import { localTime, table } from '../terminal/table.js';

const options = filterOptions.extend({ latest: z.coerce.number().int().positive().optional(), groupBy: z.string().optional(), compact: z.boolean().default(false) });

export const register: Register = (program, cli) => {
  addFilterOptions(program.command('snapshots').argument('[ids...]').description('list the snapshots'))
    .option('--latest <n>', 'only the newest N of each computer and path')
    .option('-g, --group-by <fields>', 'one list for each group of these: host, paths, tags')
    .option('-c, --compact', 'without times of day and paths')
    .action(cli.action(options, async ({ args, options: given }) => {
      const groupBy = given.groupBy === undefined ? [] : parseGroups(given.groupBy);
      const repository = await repositoryAccess(cli, given);
      const { onProgress: _, ...control } = engineControl(cli, 'snapshots');
      const found = await withEngine((engine) => engine.snapshots({
        repository, filter: filterOf(given), ...(args.length > 0 ? { ids: [...args] } : {}), ...(given.latest === undefined ? {} : { latest: given.latest }),
      }, control));
      if (groupBy.length === 0) return cli.result(found, () => snapshotTable(found, given.compact));
      const groups = groupSnapshots(found, groupBy);
      // restic's JSON of groups
      const json = groups.map(({ host, list, paths, tags }) => ({ group_key: { hostname: host ?? '', paths: paths?.length ? paths : null, tags: tags?.length ? tags : null }, snapshots: list }));
      cli.result(json, () => (groups.length === 0 ? 'No snapshots.' : groups.map(({ list, ...group }) => `${groupTitle(group)}:\n${snapshotTable(list, given.compact)}`).join('\n\n')));
    }));
};

export function snapshotTable(snapshots: readonly Snapshot[], compact = false): string {
  if (snapshots.length === 0) return 'No snapshots.';
  const count = countText(snapshots.length, 'snapshot');
  if (compact) {
    const short = snapshots.map(({ hostname, short_id: id, tags, time }) => [id, localTime(time).slice(0, 10), hostname, (tags ?? []).join(', ')]);
    return `${table(['ID', 'Date', 'Host', 'Tags'], short)}\n${count}`;
  }
  const rows = snapshots.flatMap(({ hostname, paths, short_id: id, tags, time }) => [
    [id, localTime(time), hostname, (tags ?? []).join(', '), paths[0] ?? ''],
    ...paths.slice(1).map((path) => ['', '', '', '', path]),
  ]);
  return `${table(['ID', 'Time', 'Host', 'Tags', 'Paths'], rows)}\n${count}`;
}
