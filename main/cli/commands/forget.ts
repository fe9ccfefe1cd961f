import { z } from 'zod';
import type { ForgetResult, PruneOptions } from '../../backup/types.js';
import { HoldfastError } from '../../shared/errors.js';
import { countText } from '../../shared/text.js';
import { collect, type Register } from '../cli.js';
import { repositoryAccess } from '../repository/access.js';
import { engineControl } from '../repository/control.js';
import { withEngine } from '../repository/engine.js';
import { addFilterOptions, filterOf, filterOptions } from '../repository/filter.js';
import { groupTitle, parseGroups } from '../repository/groups.js';
import { pruneText } from './prune.js';

const keep = z.union([z.literal('unlimited').transform(() => -1), z.coerce.number().int().min(-1)]).optional();
const span = z.string().regex(/^(\d+[ymdh])+$/, 'a duration looks like 1y5m7d2h').optional();
const options = filterOptions.extend({
  keepLast: keep, keepHourly: keep, keepDaily: keep, keepWeekly: keep, keepMonthly: keep, keepYearly: keep,
  keepWithin: span, keepWithinHourly: span, keepWithinDaily: span, keepWithinWeekly: span, keepWithinMonthly: span, keepWithinYearly: span,
  keepTag: z.array(z.string()).optional(), groupBy: z.string().optional(), dryRun: z.boolean().optional(), prune: z.boolean().optional(),
  unsafeAllowRemoveAll: z.boolean().optional(), maxUnused: z.string().optional(), maxRepackSize: z.string().optional(),
  repackCacheableOnly: z.boolean().optional(), repackSmall: z.boolean().optional(), repackUncompressed: z.boolean().optional(),
});

export const register: Register = (program, cli) => {
  const command = addFilterOptions(program.command('forget').argument('[ids...]').description('remove snapshots: those named, or those that no keep rule wants'))
    .option('-l, --keep-last <n>', 'keep the newest N');
  for (const [letter, unit] of [['h', 'hour'], ['d', 'day'], ['w', 'week'], ['m', 'month'], ['y', 'year']]) {
    const word = unit === 'day' ? 'daily' : `${unit}ly`;
    // -h is the help here
    command.option(`${letter === 'h' ? '' : `-${letter}, `}--keep-${word} <n>`, `keep the newest of each of N ${unit}s`);
    command.option(`--keep-within-${word} <span>`, `keep the newest of each ${unit} within, e.g. 1y5m7d2h`);
  }
  command
    .option('--keep-within <span>', 'keep everything within, e.g. 1y5m7d2h')
    .option('--keep-tag <tag,...>', 'keep snapshots with all of these tags (may be given several times)', collect)
    .option('-g, --group-by <fields>', 'apply the rules to each group of these: host, paths, tags (default: host,paths)')
    .option('-n, --dry-run', 'remove nothing')
    .option('--prune', 'then free the space of what nobody needs any more')
    .option('--max-unused <limit>', 'with --prune: unused data that may stay: 5%, 200M, unlimited')
    .option('--max-repack-size <size>', 'with --prune: write no more than this anew')
    .option('--repack-cacheable-only', 'with --prune: rewrite packs of metadata only')
    .option('--repack-small', 'with --prune: rewrite small packs as well')
    .option('--repack-uncompressed', 'with --prune: compress what is not')
    .option('--unsafe-allow-remove-all', 'allow rules that keep nothing')
    .action(cli.action(options, async ({ args, options: given }) => {
      const rules = Object.fromEntries(Object.entries({
        last: given.keepLast, hourly: given.keepHourly, daily: given.keepDaily, weekly: given.keepWeekly, monthly: given.keepMonthly, yearly: given.keepYearly,
        within: given.keepWithin, withinHourly: given.keepWithinHourly, withinDaily: given.keepWithinDaily, withinWeekly: given.keepWithinWeekly,
        withinMonthly: given.keepWithinMonthly, withinYearly: given.keepWithinYearly, tags: given.keepTag,
      }).filter(([, rule]) => rule !== undefined));
      if (args.length === 0 && Object.keys(rules).length === 0 && given.unsafeAllowRemoveAll !== true) {
        throw new HoldfastError('usage', 'Nothing says which snapshots to forget. Name them, or give a rule such as --keep-daily 7.');
      }
      const repository = await repositoryAccess(cli, given);
      const { maxUnused, maxRepackSize, repackCacheableOnly, repackSmall, repackUncompressed } = given;
      const pruning: PruneOptions = { maxUnused, maxRepackSize, repackCacheableOnly, repackSmall, repackUncompressed };
      const result = await withEngine((engine) => engine.forget({
        repository, ...(args.length > 0 ? { ids: [...args] } : { keep: rules }), filter: filterOf(given),
        ...(given.groupBy === undefined ? {} : { groupBy: parseGroups(given.groupBy) }),
        unsafeAllowRemoveAll: given.unsafeAllowRemoveAll, dryRun: given.dryRun, ...(given.prune === true ? { prune: pruning } : {}),
      }, engineControl(cli, 'forget')));
      cli.result(cli.json && result.groups.length > 0 ? result.groups : result, () => forgetText(result));
    }));
};

function forgetText({ dry_run: dryRun, groups: found, prune, removed }: ForgetResult): string {
  const lines = found.map(({ keep: kept, remove, ...group }) => {
    return `${groupTitle(group)}: ${kept.length} kept, ${remove.length} ${dryRun ? 'would go' : 'removed'}`;
  });
  if (found.length === 0) lines.push(`${countText(removed.length, 'snapshot')} ${dryRun ? 'would go' : 'removed'}.`);
  if (prune !== undefined) lines.push(pruneText(prune));
  return lines.join('\n');
}
