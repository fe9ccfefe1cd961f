import { z } from 'zod';
import { exitCodeFor, HoldfastError } from '../../shared/errors.js';
import { isFinal } from '../../shared/model.js';
import { runOutcome, scheduleText } from '../../shared/phrases.js';
import { bytesText } from '../../shared/text.js';
import { collect, type Register } from '../cli.js';
import { hubAdmin, pickAgent, pickJob } from '../hub/admin.js';
import { jobDraft } from '../hub/job-draft.js';
import { watchRun } from '../hub/watch-run.js';
import { repositoryUrl } from '../repository/access.js';
import { localTime, table } from '../terminal/table.js';

const keep = z.coerce.number().int().min(0).optional();
const add = z.object({
  source: z.array(z.string()).optional(), copyTo: z.array(z.string().min(1)).optional(),
  agent: z.string().optional(), every: z.string().optional(), at: z.array(z.string()).optional(), days: z.string().optional(), cron: z.string().optional(),
  exclude: z.array(z.string()).optional(), onBattery: z.boolean().optional(), onMetered: z.boolean().optional(),
  keepLast: keep, keepHourly: keep, keepDaily: keep, keepWeekly: keep, keepMonthly: keep, keepYearly: keep, keepWithin: z.string().optional(),
  hookPre: z.string().min(1).optional(), hookPost: z.string().min(1).optional(), hookFailure: z.string().min(1).optional(), hookLimit: z.coerce.number().int().min(1).max(24 * 60).optional(),
});

export const register: Register = (program, cli) => {
  const job = program.command('job').description('the jobs of this hub');

  job.command('list').description('list them').action(cli.action(z.object({}), async () => {
    const jobs = await (await hubAdmin(cli)).listJobs({});
    cli.result(jobs, () => (jobs.length === 0 ? 'No jobs yet.' : table(['ID', 'Name', 'Computer', 'Schedule', 'Status', ''], jobs.map((each) => [
      each.id, each.name, each.agentName, each.paused ? 'Paused' : scheduleText(each.schedule), each.status, each.reason,
    ]))));
  }));

  job.command('add').argument('<name>').argument('[paths...]').description('give a computer a job: back up paths, databases and sites into --repo')
    .option('--copy-to <repository>', 'after each backup copy its snapshots there too (may be given several times)', collect)
    .option('--source <address>', 'a database or site, as "holdfast discover" tells it, e.g. postgresql://anna@localhost/shop (may be given several times)', collect)
    .option('--agent <agent>', 'id or name of the computer (default: the only one)')
    .option('--every <span>', 'run every 30m, 6h, 1d ... after the last run')
    .option('--at <HH:MM>', 'run at this time of day (may be given several times)', collect)
    .option('--days <days>', 'with --at: only on mon,tue,...')
    .option('--cron <expression>', 'run by a cron rule, e.g. "30 12 * * 1-5"')
    .option('-e, --exclude <pattern>', 'leave out what matches (may be given several times)', collect)
    .option('--keep-last <n>', 'keep the newest N snapshots').option('--keep-hourly <n>', '... of N hours').option('--keep-daily <n>', '... of N days')
    .option('--keep-weekly <n>', '... of N weeks').option('--keep-monthly <n>', '... of N months').option('--keep-yearly <n>', '... of N years')
    .option('--keep-within <span>', 'keep everything within, e.g. 1y5m7d2h')
    .option('--hook-pre <file>', 'run this program before the backup; it must be allowed on that computer').option('--hook-post <file>', '... after it').option('--hook-failure <file>', '... after one that failed')
    .option('--hook-limit <minutes>', 'how long each of them may take (default: 5)')
    .option('--on-battery', 'run on battery as well').option('--on-metered', 'run on metered networks as well')
    .action(cli.action(add, async ({ args: [name = '', ...paths], options }) => {
      const admin = await hubAdmin(cli);
      const { keepDaily, keepHourly, keepLast, keepMonthly, keepWeekly, keepWithin, keepYearly } = options;
      const draft = jobDraft({
        ...options, name, paths, addresses: options.source ?? [], repo: repositoryUrl(cli, options), keep: { keepDaily, keepHourly, keepLast, keepMonthly, keepWeekly, keepWithin, keepYearly },
      }, cli.process.cwd());
      const agent = await pickAgent(admin, options.agent);
      const made = await admin.createJob({ agentId: agent.id, draft });
      cli.result({ id: made.id, name: made.name, agentId: agent.id }, () => `"${made.name}" is a job of ${agent.name} now. Start it with: holdfast job run ${made.id}`);
    }));

  job.command('run').argument('[job]', 'id or name (default: the only one)').description('run a job now')
    .option('--wait', 'wait until it ends')
    .action(cli.action(z.object({ wait: z.boolean().default(false) }), async ({ args: [which], options }) => {
      const admin = await hubAdmin(cli);
      const { id: jobId, name } = await pickJob(admin, which);
      const { id } = await admin.runJob({ id: jobId });
      if (!options.wait) {
        cli.result({ id }, () => `Ordered a run of "${name}".`);
        return 0;
      }
      const run = await watchRun(cli, admin, id);
      cli.result({ id, state: run.state, result: run.result, error: run.error }, () =>
        `${runOutcome(run)}${run.result === null ? '' : `: snapshot ${run.result.snapshotId.slice(0, 8)}, ${bytesText(run.result.bytesStored)} stored`}.`);
      if (run.state === 'succeeded') return 0;
      if (run.state === 'warnings') return exitCodeFor('files-unreadable');
      throw run.error === null ? new HoldfastError('cancelled', `The run ended as ${run.state}.`) : HoldfastError.fromShape(run.error);
    }));

  job.command('cancel').argument('<run-or-job>', 'id of a run, or id or name of a job').description('cancel a run').action(cli.action(z.object({}), async ({ args: [which = ''] }) => {
    const admin = await hubAdmin(cli);
    const runs = await admin.listRuns({ limit: 1000 });
    let run = runs.find(({ id }) => id === which);
    if (run === undefined) {
      const found = await pickJob(admin, which);
      run = runs.find(({ jobId, state }) => jobId === found.id && !isFinal(state));
      if (run === undefined) throw new HoldfastError('not-found', `"${found.name}" is not running.`);
    }
    await admin.cancelRun({ id: run.id });
    cli.result({ id: run.id }, () => 'Cancelling.');
  }));

  for (const [verb, done, description] of [['pause', 'Paused', 'hold the schedule of a job'], ['resume', 'Resumed', 'let the schedule of a job run again']] as const) {
    job.command(verb).argument('[job]', 'id or name (default: the only one)').description(description).action(cli.action(z.object({}), async ({ args: [which] }) => {
      const admin = await hubAdmin(cli);
      const { id, name } = await pickJob(admin, which);
      await (verb === 'pause' ? admin.pauseJob({ id }) : admin.resumeJob({ id }));
      cli.result({ id }, () => `${done} "${name}".`);
    }));
  }

  job.command('move').argument('<job>', 'id or name').argument('<agent>', 'id or name of the other computer').description('give a job to another computer, where it begins without a history; its snapshots stay')
    .action(cli.action(z.object({}), async ({ args: [which, whom] }) => {
      const admin = await hubAdmin(cli);
      const { id, name } = await pickJob(admin, which);
      const agent = await pickAgent(admin, whom);
      const moved = await admin.moveJob({ id, agentId: agent.id });
      cli.result({ id: moved.id, name, agentId: agent.id }, () => `"${name}" is a job of ${agent.name} now.`);
    }));

  job.command('delete').argument('<job>', 'id or name').description('delete a job; its snapshots stay').action(cli.action(z.object({}), async ({ args: [which] }) => {
    const admin = await hubAdmin(cli);
    const { id, name } = await pickJob(admin, which);
    await admin.deleteJob({ id });
    cli.result({ id }, () => `Deleted "${name}". Its snapshots stay where they are.`);
  }));

  job.command('runs').argument('[job]', 'id or name').description('the newest runs').action(cli.action(z.object({}), async ({ args: [which] }) => {
    const admin = await hubAdmin(cli);
    const runs = await admin.listRuns({ limit: 50, ...(which === undefined ? {} : { jobId: (await pickJob(admin, which)).id }) });
    cli.result(runs, () => (runs.length === 0 ? 'No runs yet.' : table(['ID', 'Job', 'Computer', 'Queued', ''], runs.map((run) => [
      run.id, run.jobName, run.agentName, localTime(run.queuedAt), `${runOutcome(run)}${run.error === null ? '' : `: ${run.error.message}`}`,
    ]))));
  }));
};
