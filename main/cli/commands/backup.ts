import { buffer } from 'node:stream/consumers';
import { z } from 'zod';
import type { BackupSummary } from '../../backup/types.js';
import { HoldfastError } from '../../shared/errors.js';
import { bytesText, countText, durationText } from '../../shared/text.js';
import { collect, type Register } from '../cli.js';
import { repositoryAccess } from '../repository/access.js';
import { listedPaths } from '../repository/files-from.js';
import { engineControl } from '../repository/control.js';
import { withEngine } from '../repository/engine.js';
import { parseSize } from '../repository/size.js';

const list = z.array(z.string()).optional();
const options = z.object({
  host: z.string().min(1).optional(), tag: list, time: z.string().optional(), parent: z.string().optional(),
  force: z.boolean().optional(), dryRun: z.boolean().optional(), skipIfUnchanged: z.boolean().optional(),
  exclude: list, iexclude: list, excludeFile: list, iexcludeFile: list, excludeIfPresent: list, excludeCaches: z.boolean().optional(),
  excludeLargerThan: z.string().transform(parseSize).optional(), oneFileSystem: z.boolean().optional(), gitignore: z.boolean().optional(), developerPreset: z.boolean().optional(),
  ignoreInode: z.boolean().optional(), ignoreCtime: z.boolean().optional(), withAtime: z.boolean().optional(),
  compression: z.enum(['off', 'fastest', 'auto', 'max']).optional(), packSize: z.coerce.number().int().optional(),
  gentle: z.boolean().optional(), scan: z.boolean().optional(), stdin: z.boolean().optional(), stdinFilename: z.string().min(1).default('stdin'),
  filesFrom: list, filesFromVerbatim: list, filesFromRaw: list,
});

export const register: Register = (program, cli) => {
  program.command('backup').argument('[paths...]').description('save files and folders as a new snapshot')
    .option('-e, --exclude <pattern>', 'leave out what matches (may be given several times)', collect)
    .option('--iexclude <pattern>', 'the same, whatever the case', collect)
    .option('--exclude-file <file>', 'read patterns from a file', collect)
    .option('--iexclude-file <file>', 'the same, whatever the case', collect)
    .option('--exclude-if-present <name[:header]>', 'leave out folders that hold such a file', collect)
    .option('--exclude-caches', 'leave out folders with a CACHEDIR.TAG')
    .option('--exclude-larger-than <size>', 'leave out files larger than this, e.g. 2G')
    .option('--gitignore', 'leave out what .gitignore files name')
    .option('--developer-preset', 'leave out what a developer can make again: node_modules, target, .venv, build caches, VM images …')
    .option('-x, --one-file-system', 'stay on the file systems of the given paths')
    .option('--tag <tag>', 'tag the snapshot (may be given several times)', collect)
    .option('-H, --host <name>', 'name of this computer in the snapshot')
    .option('--time <time>', 'time of the snapshot, e.g. 2026-01-31T13:00:00Z')
    .option('--parent <snapshot>', 'compare with this snapshot (default: the newest of the same paths)')
    .option('-f, --force', 'read every file again')
    .option('-n, --dry-run', 'write nothing')
    .option('--skip-if-unchanged', 'make no snapshot when nothing has changed')
    .option('--ignore-inode', 'do not compare inode numbers')
    .option('--ignore-ctime', 'do not compare the time of the last change of metadata')
    .option('--with-atime', 'save the time of the last access')
    .option('--compression <mode>', 'off, fastest, auto or max')
    .option('--pack-size <MiB>', 'size of the files in the repository')
    .option('--gentle', 'one worker at low priority')
    .option('--no-scan', 'do not count the files first')
    .option('--files-from <file>', 'read what to save from a list of patterns, one per line; - is standard input', collect)
    .option('--files-from-verbatim <file>', 'the same with names that are taken as they are', collect)
    .option('--files-from-raw <file>', 'the same with names that each end with a NUL byte', collect)
    .option('--stdin', 'save standard input as a file')
    .option('--stdin-filename <name>', 'its name in the snapshot')
    .action(cli.action(options, async ({ args, options: given }) => {
      const lists = [...given.filesFrom ?? [], ...given.filesFromVerbatim ?? [], ...given.filesFromRaw ?? []];
      if (given.stdin === true && (args.length > 0 || lists.length > 0)) throw new HoldfastError('usage', '--stdin saves one stream, so neither paths nor lists go with it.');
      if (lists.filter((file) => file === '-').length > 1) throw new HoldfastError('usage', 'Standard input can be read once, so only one list may be -.');
      const workingFolder = cli.process.cwd();
      const listed = await listedPaths(given, { workingFolder, stdin: () => buffer(cli.process.stdin), warn: (text) => { cli.warn(text); } });
      const paths = [...listed, ...args];
      if (paths.length === 0 && given.stdin !== true) throw new HoldfastError('usage', 'Nothing to back up is named. Give at least one file or folder.');
      const { exclude, iexclude, excludeFile, iexcludeFile, excludeIfPresent, excludeCaches, excludeLargerThan, oneFileSystem, gitignore, developerPreset } = given;
      const repository = await repositoryAccess(cli, given);
      const summary = await withEngine((engine) => engine.backup({
        repository,
        paths,
        workingFolder,
        host: given.host, tags: given.tag, time: given.time, parent: given.parent, force: given.force, dryRun: given.dryRun,
        skipIfUnchanged: given.skipIfUnchanged, ignoreInode: given.ignoreInode, ignoreCtime: given.ignoreCtime, withAtime: given.withAtime,
        compression: given.compression, packSize: given.packSize, gentle: given.gentle, scan: given.scan,
        excludes: { exclude, iexclude, excludeFile, iexcludeFile, excludeIfPresent, excludeCaches, excludeLargerThan, oneFileSystem, gitignore, developerPreset },
        ...(given.stdin === true ? { stdin: { name: given.stdinFilename } } : {}),
      }, { ...engineControl(cli, 'archival'), ...(given.stdin === true ? { input: cli.process.stdin } : {}) }));
      cli.result(summary, () => summaryText(summary));
      if (summary.error_count > 0) {
        throw new HoldfastError('files-unreadable', `${countText(summary.error_count, 'file')} could not be read; everything else is in the snapshot. Their names are above.`);
      }
    }));
};

function summaryText(summary: BackupSummary): string {
  const row = (name: string, fresh: number, changed: number, same: number): string => `${name} ${fresh} new, ${changed} changed, ${same} unmodified`;
  const end = summary.snapshot_id === undefined
    ? (summary.dry_run ? 'Nothing was written (dry run).' : 'Nothing has changed, so no snapshot was made.')
    : `Snapshot ${summary.snapshot_id.slice(0, 8)} saved.`;
  return [
    row('Files:  ', summary.files_new, summary.files_changed, summary.files_unmodified),
    row('Folders:', summary.dirs_new, summary.dirs_changed, summary.dirs_unmodified),
    `Read ${countText(summary.total_files_processed, 'file')}, ${bytesText(summary.total_bytes_processed)}, in ${durationText(summary.total_duration * 1000)}; `
    + `added ${bytesText(summary.data_added)}, ${bytesText(summary.data_added_packed)} stored.`,
    ...summary.excluded.map(({ bytes, count, rule }) => `Left out by ${rule}: ${countText(count, 'entry', 'entries')}${bytes === undefined ? '' : `, ${bytesText(bytes)}`}`),
    end,
  ].join('\n');
}
