import { z } from 'zod';
import type { FindResult } from '../../backup/types.js';
import { HoldfastError } from '../../shared/errors.js';
import { bytesText, countText } from '../../shared/text.js';
import { collect, type Register } from '../cli.js';
import { repositoryAccess } from '../repository/access.js';
import { engineControl } from '../repository/control.js';
import { withEngine } from '../repository/engine.js';
import { addFilterOptions, filterOf, filterOptions } from '../repository/filter.js';
import { localTime } from '../terminal/table.js';

const options = filterOptions.extend({
  ignoreCase: z.boolean().optional(), snapshot: z.array(z.string()).optional(), oldest: z.string().optional(), newest: z.string().optional(),
  blob: z.boolean().optional(), tree: z.boolean().optional(), pack: z.boolean().optional(),
});

export const register: Register = (program, cli) => {
  addFilterOptions(program.command('find').argument('<patterns...>').description('find every version of a file in all snapshots'))
    .option('-i, --ignore-case', 'whatever the case')
    .option('-s, --snapshot <id>', 'look only here (may be given several times)', collect)
    .option('-O, --oldest <time>', 'only files changed since, e.g. 2026-01-31')
    .option('-N, --newest <time>', 'only files changed until')
    .option('--blob', 'find what uses these blobs: the patterns are IDs')
    .option('--tree', 'find where these trees are: the patterns are IDs')
    .option('--pack', 'find what uses the blobs of these packs: the patterns are IDs')
    .action(cli.action(options, async ({ args, options: given }) => {
      const objects = objectsOf(given);
      const repository = await repositoryAccess(cli, given);
      const { oldest, newest, ignoreCase } = given;
      const { onProgress: _, ...control } = engineControl(cli, 'find');
      const found = await withEngine((engine) => engine.find({
        repository, patterns: [...args], filter: filterOf(given), ignoreCase, snapshots: given.snapshot, oldest, newest, objects,
      }, control));
      if (objects !== undefined) {
        cli.result(found.objects, () => objectsText(found));
        if (found.objects.length === 0 && !cli.json) throw new HoldfastError('not-found', `No snapshot uses ${args.join(', ')}.`);
        return;
      }
      cli.result(found.matches, () => findText(found));
      if (found.matches.length === 0 && !cli.json) throw new HoldfastError('not-found', `No snapshot has a file that fits ${args.join(', ')}. Patterns are as in a shell: *.txt, or a path.`);
    }));
};

function objectsOf({ blob, pack, tree }: z.infer<typeof options>): 'blob' | 'tree' | 'pack' | undefined {
  const [kind, another] = [blob === true ? 'blob' as const : [], tree === true ? 'tree' as const : [], pack === true ? 'pack' as const : []].flat();
  if (another !== undefined) throw new HoldfastError('usage', '--blob, --tree and --pack exclude each other. Give one of them.');
  return kind;
}

function objectsText({ objects }: FindResult): string {
  return objects.map(({ id, object_type: type, path, snapshot, time }) => `${type} ${id}  ${path}  in snapshot ${snapshot.slice(0, 8)} of ${localTime(time)}`).join('\n');
}

function findText({ matches }: FindResult): string {
  return matches.flatMap(({ hits, matches: entries, snapshot, time }) => [
    `Snapshot ${snapshot.slice(0, 8)} of ${localTime(time)}: ${countText(hits, 'match', 'matches')}`,
    ...entries.map(({ mtime, path, size, type }) => `  ${localTime(mtime)}  ${(type === 'file' ? bytesText(size ?? 0) : type).padStart(10)}  ${path}`),
  ]).join('\n');
}
