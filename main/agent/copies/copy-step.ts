/** After a backup, brings the job's copies up to date: its snapshots that are missing there, from its own repository. */
import { asHoldfastError, HoldfastError } from '../../shared/errors.js';
import type { Destination, Job, RunResult } from '../../shared/model.js';
import { bytesText, countText } from '../../shared/text.js';
import type { Engine, RepositoryAccess } from '../ports.js';
import type { ForgetStep } from '../retention/forget-step.js';
import { jobTag } from '../runs/job-tag.js';
import type { RunContext, RunStep } from '../runs/steps.js';

export interface CopyPorts {
  readonly engine: Pick<Engine, 'copy'>;
  /** By the job's rules, as in its own repository. */
  readonly forget: Pick<ForgetStep, 'forget'>;
  /** The copy's repository, made like the job's own if there is none yet. @param used whether a copy was made there before */
  open(copy: Destination, used: boolean, like: RepositoryAccess): Promise<RepositoryAccess>;
  /** Whether a copy was made there before. */
  used(job: Job, copy: Destination): boolean;
  /** What a failure there means. */
  explain(copy: Destination, thrown: unknown): Promise<HoldfastError>;
  /** Whether the copy waits for its disk, which may be away for good reason. */
  isAway(copy: Destination): boolean;
}

export class CopyStep implements RunStep {
  constructor(private readonly ports: CopyPorts) {}

  async after(context: RunContext, _result: RunResult, repository: RepositoryAccess): Promise<void> {
    const failures: string[] = [];
    for (const copy of context.job.copies) {
      if (context.signal.aborted) return; // the next run copies what is missing
      const to = await this.copy(context, copy, repository, failures);
      if (to !== null) await this.ports.forget.forget(context, copy, to).catch((thrown: unknown) => { failures.push(`${copy.name}: ${asHoldfastError(thrown).message}`); });
    }
    if (failures.length > 0) throw new HoldfastError('destination-failed', failures.join(' '), { retryable: true });
  }

  /** @returns the copy's repository; null when it could not be brought up to date */
  private async copy({ copied, job, say, signal }: RunContext, copy: Destination, repository: RepositoryAccess, failures: string[]): Promise<RepositoryAccess | null> {
    try {
      const to = await this.ports.open(copy, this.ports.used(job, copy), repository);
      const { bytes, snapshots } = await this.ports.engine.copy(repository, to, [jobTag(job.id)], signal);
      if (snapshots > 0) say('info', `${countText(snapshots, 'snapshot')} copied to ${copy.name}, ${bytesText(bytes)}`);
      copied({ destinationId: copy.id, problem: null });
      return to;
    } catch (thrown) {
      const { code, message } = await this.ports.explain(copy, thrown);
      if (code === 'cancelled') return null;
      copied({ destinationId: copy.id, problem: message.slice(0, 1000) });
      if (this.ports.isAway(copy)) say('info', `No copy on "${copy.name}" now: ${message}`);
      else failures.push(`The copy on "${copy.name}" could not be brought up to date: ${message}`);
      return null;
    }
  }
}
