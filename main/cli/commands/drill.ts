import { z } from 'zod';
import type { AgentState } from '../../shared/control.js';
import { drillText, type Drill } from '../../shared/drill.js';
import { exitCodeFor, HoldfastError } from '../../shared/errors.js';
import { countText } from '../../shared/text.js';
import { withAgent } from '../agent/control.js';
import type { Register } from '../cli.js';
import { pick } from '../hub/admin.js';

export const register: Register = (program, cli) => {
  program.command('drill').argument('[job]', 'id or name (default: all jobs of this computer)')
    .description('prove that backups can be restored: restore a random sample of the newest snapshot, compare it, load its dumps')
    .action(cli.action(z.object({}), async ({ args: [which] }) => withAgent(cli, async (control) => {
      const { jobs }: AgentState = await control.call('state', {});
      const all = jobs.map(({ job }) => job);
      const chosen = which === undefined ? all : [pick(all, which, 'job')];
      if (chosen.length === 0) throw new HoldfastError('not-found', 'This computer has no job yet.');
      const found: Drill[] = [];
      for (const job of chosen) {
        cli.chat(`Restoring a sample of "${job.name}"…`);
        const { drill } = await control.call('drillJob', { jobId: job.id });
        found.push(drill);
        cli.say(`"${job.name}": ${drillText(drill)}`);
        for (const { message, name, outcome, rows, tables } of drill.databases) {
          if (outcome === 'loaded') cli.say(`  ${name}: loaded, ${tables === null ? countText(rows ?? 0, 'key') : `${countText(tables, 'table')}, ${countText(rows ?? 0, 'row')}`}`);
          else cli.say(`  ${name}: ${message ?? outcome}`);
        }
      }
      if (cli.json) cli.result(which === undefined ? found : found[0], () => '');
      if (found.some(({ outcome }) => outcome === 'failed' || outcome === 'not-done')) return 1;
      return found.some(({ outcome }) => outcome === 'partly') ? exitCodeFor('files-unreadable') : 0;
    })));
};
