import { z } from 'zod';
import { bytesText, countText, ageText } from '../../shared/text.js';
import { HoldfastError } from '../../shared/errors.js';
import type { StorageSettings } from '../../shared/protocol/storage.js';
import { hubAdmin } from '../hub/admin.js';
import { ownerAccess, storedRepository } from '../hub/stored-repository.js';
import type { Register } from '../cli.js';
import { engineControl } from '../repository/control.js';
import { withEngine } from '../repository/engine.js';
import { parseSize } from '../repository/size.js';
import { localTime, table } from '../terminal/table.js';
import { pruneText } from './prune.js';

const keep = z.coerce.number().int().min(0).optional();
const identity = { identity: z.string().min(1).optional() };
const forgetOptions = z.object({
  ...identity, keepLast: keep, keepDaily: keep, keepWeekly: keep, keepMonthly: keep, keepYearly: keep,
  keepWithin: z.string().regex(/^(\d+[ymdh])+$/, 'a duration looks like 1y5m7d2h').optional(), dryRun: z.boolean().optional(), prune: z.boolean().optional(),
});
const setOptions = z.object({ on: z.boolean().optional(), off: z.boolean().optional(), quota: z.string().optional(), total: z.string().optional(), reserve: z.string().optional() });

/** `none` takes the limit away. */
const limit = (text: string): number | null => (text === 'none' ? null : parseSize(text));
const limitText = (bytes: number | null): string => (bytes === null ? 'no limit' : bytesText(bytes));

/** Old backups are removed here and nowhere else: on the hub's computer, with the repository's password. A stolen laptop can only add. */
export const register: Register = (program, cli) => {
  const storage = program.command('hub-storage').description('backups that computers keep on this hub');

  storage.command('list').description('what each computer keeps here').action(cli.action(z.object({}), async () => {
    const all = await (await hubAdmin(cli)).storage({});
    cli.result(all, () => [
      `Hub storage is switched ${all.settings.offered ? 'on' : 'off'}: ${bytesText(all.usedBytes)} of ${limitText(all.settings.totalQuota)} used in ${all.folder}; ${bytesText(all.settings.reserve)} of the disk stay free.`,
      ...(all.agents.length === 0 ? [] : [table(['ID', 'Name', 'Used', 'Quota', 'Last write'], all.agents.map((each) => [
        each.agentId, each.removed ? `${each.name} (removed)` : each.name, bytesText(each.usedBytes), limitText(each.quota), each.lastWriteAt === null ? 'never' : ageText(Date.now() - Date.parse(each.lastWriteAt)),
      ]))]),
    ].join('\n'));
  }));

  storage.command('set').description('switch it on or off, and set its limits')
    .option('--on', 'let computers store backups here').option('--off', 'write nothing any more; what is here can be read')
    .option('--quota <size>', 'for each computer without a quota of its own: 500G, or none').option('--total <size>', 'for all together: 4T, or none')
    .option('--reserve <size>', 'so much of the disk stays free')
    .action(cli.action(setOptions, async ({ options: { off, on, quota, reserve, total } }) => {
      if (on === true && off === true) throw new HoldfastError('usage', 'Give --on or --off, not both.');
      const change: Partial<StorageSettings> = {
        ...(on === true ? { offered: true } : off === true ? { offered: false } : {}), ...(quota === undefined ? {} : { defaultQuota: limit(quota) }),
        ...(total === undefined ? {} : { totalQuota: limit(total) }), ...(reserve === undefined ? {} : { reserve: parseSize(reserve) }),
      };
      if (Object.keys(change).length === 0) throw new HoldfastError('usage', 'Nothing says what to set. Give --on, --off, --quota, --total or --reserve.');
      const admin = await hubAdmin(cli);
      await admin.updateStorage(change);
      const { settings } = await admin.storage({});
      cli.result(settings, () => `Hub storage is switched ${settings.offered ? 'on' : 'off'}; each computer: ${limitText(settings.defaultQuota)}; together: ${limitText(settings.totalQuota)}; ${bytesText(settings.reserve)} stay free.`);
    }));

  storage.command('quota').argument('<agent>', 'id or name').argument('<size>', '500G, or "usual"').description('give a computer a quota of its own').action(cli.action(z.object({}), async ({ args: [which, size = ''] }) => {
    const admin = await hubAdmin(cli);
    const { agent } = await storedRepository(admin, which);
    const quota = size === 'usual' ? null : parseSize(size);
    await admin.setStorageQuota({ id: agent.agentId, quota });
    cli.result({ id: agent.agentId, quota }, () => `"${agent.name}" may store ${quota === null ? 'what is usual' : bytesText(quota)}.`);
  }));

  storage.command('credentials').argument('<agent>', 'id or name').description('make credentials for a plain restic; older ones stop working, the agent\'s own go on').action(cli.action(z.object({}), async ({ args: [which] }) => {
    const admin = await hubAdmin(cli);
    const { agent } = await storedRepository(admin, which);
    const made = await admin.renewStorageCredentials({ id: agent.agentId });
    cli.result(made, () => `Shown this once:\n\n    RESTIC_REPOSITORY=${made.url}\n    RESTIC_REST_USERNAME=${made.user}\n    RESTIC_REST_PASSWORD=${made.password}\n\n`
      + 'A hub that made its own certificate is trusted with: restic --cacert hub-certificate.pem (from the hub\'s data folder)');
  }));

  storage.command('discard').argument('<agent>', 'id or name of a computer that was removed from the hub').description('delete everything it stored here, for good').requiredOption('--yes <name>', 'its name once more')
    .action(cli.action(z.object({ yes: z.string() }), async ({ args: [which], options }) => {
      const admin = await hubAdmin(cli);
      const { agent } = await storedRepository(admin, which);
      if (options.yes !== agent.name) throw new HoldfastError('usage', `Its name is "${agent.name}". Say --yes with that name if all its backups shall be deleted.`);
      const { bytes } = await admin.discardStorage({ id: agent.agentId });
      cli.result({ id: agent.agentId, bytes }, () => `Deleted the backups of "${agent.name}": ${bytesText(bytes)}.`);
    }));

  storage.command('snapshots').argument('<agent>', 'id or name').description('the snapshots of a computer').option('-i, --identity <file>', 'the office\'s recovery key, instead of the password')
    .action(cli.action(z.object(identity), async ({ args: [which], options }) => {
      const admin = await hubAdmin(cli);
      const repository = await ownerAccess(cli, admin, await storedRepository(admin, which), options, options.identity);
      const found = await withEngine((engine) => engine.snapshots({ repository }, engineControl(cli, 'snapshots')));
      cli.result(found, () => (found.length === 0 ? 'No snapshots.' : table(['ID', 'Time', 'Host', 'Paths'], found.map((each) => [each.id.slice(0, 8), localTime(each.time), each.hostname, each.paths.join(', ')]))));
    }));

  storage.command('forget').argument('<agent>', 'id or name').argument('[ids...]').description('remove snapshots of a computer: those named, or those that no keep rule wants')
    .option('-i, --identity <file>', 'the office\'s recovery key, instead of the password')
    .option('-l, --keep-last <n>', 'keep the newest N').option('-d, --keep-daily <n>', 'keep the newest of each of N days').option('-w, --keep-weekly <n>', 'keep the newest of each of N weeks')
    .option('-m, --keep-monthly <n>', 'keep the newest of each of N months').option('-y, --keep-yearly <n>', 'keep the newest of each of N years')
    .option('--keep-within <span>', 'keep everything within, e.g. 1y5m7d2h').option('-n, --dry-run', 'remove nothing').option('--prune', 'then free the space of what nobody needs any more')
    .action(cli.action(forgetOptions, async ({ args: [which, ...ids], options }) => {
      const { dryRun, keepDaily, keepLast, keepMonthly, keepWeekly, keepWithin, keepYearly, prune } = options;
      const rules = Object.fromEntries(Object.entries({ last: keepLast, daily: keepDaily, weekly: keepWeekly, monthly: keepMonthly, yearly: keepYearly, within: keepWithin }).filter(([, rule]) => rule !== undefined));
      if (ids.length === 0 && Object.keys(rules).length === 0) throw new HoldfastError('usage', 'Nothing says which snapshots to forget. Name them, or give a rule such as --keep-daily 7.');
      const admin = await hubAdmin(cli);
      const stored = await storedRepository(admin, which);
      const repository = await ownerAccess(cli, admin, stored, options, options.identity);
      const result = await withEngine((engine) => engine.forget({ repository, ...(ids.length > 0 ? { ids } : { keep: rules }), dryRun, ...(prune === true ? { prune: {} } : {}) }, engineControl(cli, 'forget')));
      cli.result(result, () => `${countText(result.removed.length, 'snapshot')} of "${stored.agent.name}" ${dryRun === true ? 'would go' : 'removed'}.${result.prune === undefined ? '' : `\n${pruneText(result.prune)}`}`);
    }));

  storage.command('prune').argument('<agent>', 'id or name').description('free the space of what no snapshot of a computer needs').option('-i, --identity <file>', 'the office\'s recovery key, instead of the password').option('-n, --dry-run', 'remove nothing')
    .action(cli.action(z.object({ ...identity, dryRun: z.boolean().optional() }), async ({ args: [which], options }) => {
      const admin = await hubAdmin(cli);
      const repository = await ownerAccess(cli, admin, await storedRepository(admin, which), options, options.identity);
      const summary = await withEngine((engine) => engine.prune({ repository, dryRun: options.dryRun }, engineControl(cli, 'prune')));
      cli.result(summary, () => pruneText(summary));
    }));
};
