/** The first job of a computer that has none: a small folder that comes with the program, through the same way as any other. */
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import type { AgentControl } from '../../shared/control.js';
import { HoldfastError } from '../../shared/errors.js';
import { isFinal, isGood, type Job, type Run } from '../../shared/model.js';
import { progressLine, runOutcome } from '../../shared/phrases.js';
import { bytesText, countText } from '../../shared/text.js';
import type { Paths } from '../../platform/paths/paths.js';
import type { Cli } from '../cli.js';
import { destinationId } from '../hub/job-draft.js';
import { untilState } from './until-state.js';

/** In the checkout and in the npm package. */
export const sampleFolder = fileURLToPath(new URL('../../../../build/sample', import.meta.url));

/** Asks the hub for the job, over the tunnel, and waits until the hub has sent it here. */
export async function createSampleJob(cli: Cli, control: AgentControl, paths: Paths): Promise<Job> {
  const url = path.join(paths.dataFolder, 'sample-repository');
  const destination = { id: destinationId(url), name: 'Sample repository', url };
  await control.call('prepareDestination', { destination, password: null });
  const { job } = await control.call('createJob', {
    draft: { name: 'Sample', sources: [{ type: 'files', paths: [sampleFolder] }], destination, schedule: { type: 'manual' } },
  });
  return untilState(control, cli.signal, ({ jobs }) => jobs.find((view) => view.job.id === job.id)?.job, { limit: 30_000, sentence: () => 'The hub took the job but did not send it here. See the log.' });
}

/** Runs the job and shows how it goes. @throws HoldfastError when it does not end well. */
export async function runJob(cli: Cli, control: AgentControl, job: Job): Promise<Run> {
  const { runId } = await control.call('runJob', { jobId: job.id });
  const run = await untilState(control, cli.signal, ({ runs }) => {
    const current = runs.find(({ id }) => id === runId);
    if (current === undefined) return undefined;
    if (isFinal(current.state)) return current;
    if (!cli.json) cli.status.show(progressLine(current));
    return undefined;
  }, null);
  cli.status.clear();
  if (!isGood(run.state) || run.result === null) throw run.error === null ? new HoldfastError('cancelled', `The first backup ended as ${run.state}.`) : HoldfastError.fromShape(run.error);
  const { bytesProcessed, bytesStored, filesChanged, filesNew, filesUnmodified, snapshotId } = run.result;
  cli.result({ message_type: 'run', run }, () => `${runOutcome(run)}: ${countText(filesNew + filesChanged + filesUnmodified, 'file')}, ${bytesText(bytesProcessed)}, ${bytesText(bytesStored)} stored as snapshot ${snapshotId.slice(0, 8)}`);
  return run;
}
