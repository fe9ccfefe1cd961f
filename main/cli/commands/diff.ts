import { z } from 'zod';
import type { DiffResult, DiffStat } from '../../backup/types.js';
import { HoldfastError } from '../../shared/errors.js';
import { bytesText, countText } from '../../shared/text.js';
import type { Register } from '../cli.js';
import { repositoryAccess } from '../repository/access.js';
import { engineControl } from '../repository/control.js';
import { withEngine } from '../repository/engine.js';

export const register: Register = (program, cli) => {
  program.command('diff').argument('<from>').argument('<to>').description('what changed between two snapshots: + added, - removed, M content, T type, U metadata')
    .option('--metadata', 'with changes of metadata alone')
    .action(cli.action(z.object({ metadata: z.boolean().optional() }), async ({ args: [from, to], options }) => {
      if (from === undefined || to === undefined) throw new HoldfastError('usage', 'Two snapshots are compared. Give two ids.');
      const repository = await repositoryAccess(cli, options);
      const { onProgress: _, ...control } = engineControl(cli, 'diff');
      const result = await withEngine((engine) => engine.diff({ repository, from, to, metadata: options.metadata }, control));
      if (cli.json) {
        // restic prints one object per change, then the statistics
        const { changes, ...statistics } = result;
        for (const change of changes) cli.write(`${JSON.stringify(change)}\n`);
        cli.write(`${JSON.stringify(statistics)}\n`);
      } else {
        cli.write(`${diffText(result)}\n`);
      }
    }));
};

const statText = ({ bytes, dirs, files }: DiffStat): string => `${countText(files, 'file')}, ${countText(dirs, 'folder')}, ${bytesText(bytes)}`;

function diffText({ added, changed_files: changed, changes, removed }: DiffResult): string {
  return [
    ...changes.map(({ modifier, path }) => `${modifier.padEnd(4)} ${path}`),
    `${countText(changed, 'file')} changed. Added: ${statText(added)}. Removed: ${statText(removed)}.`,
  ].join('\n');
}
