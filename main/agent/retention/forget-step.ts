/** After a backup, forgets the job's snapshots that its rules do not keep, and prunes what only they used. */
import { asHoldfastError, HoldfastError } from '../../shared/errors.js';
import type { RunResult } from '../../shared/model.js';
import { isHubStorage } from '../../shared/protocol/storage.js';
import { countText } from '../../shared/text.js';
import type { Care } from '../care/care.js';
import type { Engine, RepositoryAccess } from '../ports.js';
import type { LocalConsent } from '../policy/local-consent.js';
import { jobTag } from '../runs/job-tag.js';
import type { RunContext, RunStep } from '../runs/steps.js';

export class ForgetStep implements RunStep {
  constructor(private readonly engine: Pick<Engine, 'forget'>, private readonly consent: Pick<LocalConsent, 'mayForget'>, private readonly care: Pick<Care, 'alarm'>) {}

  async after({ job, say, signal }: RunContext, _result: RunResult, repository: RepositoryAccess): Promise<void> {
    if (Object.values(job.retention).every((rule) => rule === undefined)) return;
    if (isHubStorage(job.destination.url)) return; // append-only: the hub's owner removes old snapshots there
    if (this.care.alarm(job.id) !== null) {
      say('warn', 'Old snapshots are kept until the unusual changes are accepted.');
      return;
    }
    if (!(await this.consent.mayForget(job))) {
      say('warn', 'Old snapshots are kept: this computer was not allowed yet to remove them by these rules. Allow it here with "holdfast approve".');
      return;
    }
    try {
      const { removed } = await this.engine.forget(repository, job.retention, [jobTag(job.id)], signal);
      if (removed > 0) say('info', `${countText(removed, 'old snapshot')} forgotten`);
    } catch (cause) {
      const { code, message, retryable } = asHoldfastError(cause);
      throw new HoldfastError(code, `Old snapshots could not be forgotten: ${message}`, { cause, retryable });
    }
  }
}
