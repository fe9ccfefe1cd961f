/** After a backup, forgets the job's snapshots that its rules do not keep, and prunes what only they used. */
import { asHoldfastError, HoldfastError } from '../../shared/errors.js';
import type { Destination, RunResult } from '../../shared/model.js';
import { isHubStorage } from '../../shared/protocol/storage.js';
import { countText } from '../../shared/text.js';
import type { Care } from '../care/care.js';
import type { Engine, RepositoryAccess } from '../ports.js';
import type { LocalConsent } from '../policy/local-consent.js';
import { jobTag } from '../runs/job-tag.js';
import type { RunContext, RunStep } from '../runs/steps.js';

export class ForgetStep implements RunStep {
  constructor(private readonly engine: Pick<Engine, 'forget'>, private readonly consent: Pick<LocalConsent, 'mayForget'>, private readonly care: Pick<Care, 'alarm'>) {}

  async after(context: RunContext, _result: RunResult, repository: RepositoryAccess): Promise<void> {
    const { job, say } = context;
    if (!this.applies(context, job.destination)) return;
    if (this.care.alarm(job.id) !== null) say('warn', 'Old snapshots are kept until the unusual changes are accepted.');
    else if (!(await this.consent.mayForget(job))) {
      say('warn', 'Old snapshots are kept: this computer was not allowed yet to remove them by these rules. Allow it here with "holdfast approve".');
    } else await this.forget(context, job.destination, repository);
  }

  /** In one repository that the job writes: its own, or one that has a copy. Does nothing where the rules must not be applied now. */
  async forget(context: RunContext, destination: Destination, repository: RepositoryAccess): Promise<void> {
    const { job, say, signal } = context;
    if (!this.applies(context, destination) || this.care.alarm(job.id) !== null || !(await this.consent.mayForget(job))) return;
    try {
      const { removed } = await this.engine.forget(repository, job.retention, [jobTag(job.id)], signal);
      if (removed > 0) say('info', `${countText(removed, 'old snapshot')} forgotten at ${destination.name}`);
    } catch (cause) {
      const { code, message, retryable } = asHoldfastError(cause);
      throw new HoldfastError(code, `Old snapshots could not be forgotten: ${message}`, { cause, retryable });
    }
  }

  /** Hub storage is append-only: the hub's owner removes old snapshots there. */
  private applies({ job }: RunContext, { url }: Destination): boolean {
    return Object.values(job.retention).some((rule) => rule !== undefined) && !isHubStorage(url);
  }
}
