import path from 'node:path';
import { z } from 'zod';
import type { RestoreSummary } from '../../backup/types.js';
import { HoldfastError } from '../../shared/errors.js';
import { bytesText, countText, durationText } from '../../shared/text.js';
import { collect, type Register } from '../cli.js';
import { repositoryAccess } from '../repository/access.js';
import { restoreDatabaseCommand } from '../repository/restore-database.js';
import { engineControl } from '../repository/control.js';
import { withEngine } from '../repository/engine.js';
import { addFilterOptions, filterOf, filterOptions } from '../repository/filter.js';

const list = z.array(z.string()).optional();
const flag = z.boolean().optional();
const options = filterOptions.extend({
  target: z.string().min(1).optional(), database: z.string().min(1).optional(), into: z.string().min(1).optional(), replace: z.string().min(1).optional(), withOwners: flag, include: list, iinclude: list, exclude: list, iexclude: list, verify: flag, sparse: flag, delete: flag, dryRun: flag,
  overwrite: z.enum(['always', 'if-changed', 'if-newer', 'never']).optional(),
});

export const register: Register = (program, cli) => {
  addFilterOptions(program.command('restore').argument('<snapshot>').description('write the files of a snapshot ("latest", "ID:/a/folder") into a folder'))
    .option('-t, --target <dir>', 'the folder to restore into; made when missing')
    .option('--database <name>', 'load this database of the snapshot back, or save its dump, instead of files')
    .option('--into <server|file>', 'with --database: postgresql://user@host/new_name, mysql://…, or a file')
    .option('--replace <name>', 'with --database: the database or file is there already and may be replaced; type its name')
    .option('--with-owners', 'with --database: give everything to the roles it belonged to (PostgreSQL)')
    .option('-i, --include <pattern>', 'only what matches (may be given several times)', collect)
    .option('--iinclude <pattern>', 'the same, whatever the case', collect)
    .option('-e, --exclude <pattern>', 'not what matches (may be given several times)', collect)
    .option('--iexclude <pattern>', 'the same, whatever the case', collect)
    .option('--overwrite <when>', 'files that are there: always, if-changed, if-newer or never')
    .option('--delete', 'remove what is in the folder and not in the snapshot')
    .option('--verify', 'read everything back and compare')
    .option('--sparse', 'leave holes where files have long runs of zeros')
    .option('-n, --dry-run', 'write nothing')
    .action(cli.action(options, async ({ args: [snapshot], options: given }) => {
      if (snapshot === undefined) throw new HoldfastError('usage', 'No snapshot is named. Give an id, or "latest".');
      if (given.database !== undefined) {
        if (given.target !== undefined) throw new HoldfastError('usage', 'Give either --target for files, or --database with --into.');
        return restoreDatabaseCommand(cli, given, { snapshot, database: given.database, into: given.into, replace: given.replace, withOwners: given.withOwners ?? false });
      }
      if (given.target === undefined) throw new HoldfastError('usage', 'Say where to: --target DIR for files, or --database NAME --into SERVER for a database.');
      const repository = await repositoryAccess(cli, given);
      const target = path.resolve(cli.process.cwd(), given.target);
      const { include, iinclude, exclude, iexclude, verify, sparse, overwrite, dryRun } = given;
      const summary = await withEngine((engine) => engine.restore({
        repository, snapshot, target, filter: filterOf(given), include, iinclude, exclude, iexclude, verify, sparse, overwrite, dryRun, delete: given.delete,
      }, engineControl(cli, 'restore')));
      cli.result(summary, () => summaryText(summary, target, dryRun === true));
      if (summary.error_count > 0) {
        throw new HoldfastError('destination-failed', `${countText(summary.error_count, 'file')} could not be restored completely. The reasons are above.`);
      }
    }));
};

function summaryText(summary: RestoreSummary, target: string, dryRun: boolean): string {
  const verified = summary.files_verified > 0 ? ` ${countText(summary.files_verified, 'file')} verified.` : '';
  return `${dryRun ? 'Would restore' : 'Restored'} ${countText(summary.files_restored, 'file')}, ${bytesText(summary.bytes_restored)}, of snapshot ${summary.snapshot_id.slice(0, 8)} to ${target} `
    + `in ${durationText(summary.total_duration * 1000)}.${verified}`;
}
