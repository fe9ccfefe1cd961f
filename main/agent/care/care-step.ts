/** After a backup and before anything old is forgotten: is this what the job's runs are usually like? */
import { alarmAdvice } from '../../shared/alarm.js';
import { HoldfastError } from '../../shared/errors.js';
import type { RunResult } from '../../shared/model.js';
import type { RepositoryAccess } from '../ports.js';
import type { RunContext, RunStep } from '../runs/steps.js';
import type { Care } from './care.js';

export class CareStep implements RunStep {
  /** @param runBefore what the job's last good run left */
  constructor(private readonly care: Pick<Care, 'look'>, private readonly runBefore: (jobId: string) => RunResult | null) {}

  async after({ job, signal }: RunContext, result: RunResult, repository: RepositoryAccess): Promise<void> {
    const alarm = await this.care.look(job, result, this.runBefore(job.id), repository, signal);
    if (alarm !== null) throw new HoldfastError('files-unreadable', `${alarm.reason} ${alarmAdvice}`);
  }
}
