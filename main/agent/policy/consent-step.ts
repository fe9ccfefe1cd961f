/** Before anything of a run is done: does the owner of this computer agree to it? */
import type { RunContext, RunStep } from '../runs/steps.js';
import type { LocalConsent } from './local-consent.js';

export class ConsentStep implements RunStep {
  constructor(private readonly consent: Pick<LocalConsent, 'objection'>) {}

  async before({ job }: RunContext): Promise<void> {
    const objection = await this.consent.objection(job);
    if (objection !== null) throw objection;
  }
}
