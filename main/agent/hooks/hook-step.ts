/**
 * A job's hooks: `pre` before the backup, `post` at the end whatever happened, `onFailure` after a run that failed. A failing pre
 * fails the run, a failing post is a warning of it. Each runs only as its content was allowed on this computer.
 */
import { asHoldfastError, HoldfastError } from '../../shared/errors.js';
import { countText } from '../../shared/text.js';
import type { LocalConsent } from '../policy/local-consent.js';
import type { HookTime } from '../policy/wishes.js';
import type { RunContext, RunOutcome, RunStep } from '../runs/steps.js';
import type { HookEnd, HookFolder, Hooks } from './ports.js';

export const defaultTimeLimitMinutes = 5;
/** Output of one hook in the run's log: so many lines, and so many characters of them all. */
const mostLines = 1_000;
const mostCharacters = 200_000;
/** A run that was cancelled, or an agent that ends, waits this long for its post hook, ms. */
const shortLimit = 15_000;

const words: Record<HookTime, { readonly name: string; readonly when: string }> = {
  pre: { name: 'pre', when: 'before the backup' },
  post: { name: 'post', when: 'after the backup' },
  onFailure: { name: 'on-failure', when: 'after the failure' },
};

export class HookStep implements RunStep {
  private readonly folders = new Map<string, HookFolder>();

  constructor(private readonly hooks: Hooks, private readonly consent: Pick<LocalConsent, 'requireHook'>) {}

  async before(context: RunContext): Promise<void> {
    const { pre, post, onFailure } = context.job.hooks;
    if (pre === undefined && post === undefined && onFailure === undefined) return;
    const folder = await this.hooks.openFolder();
    this.folders.set(context.runId, folder);
    await this.run('pre', context, folder, null);
  }

  async end(context: RunContext, outcome: RunOutcome): Promise<void> {
    const folder = this.folders.get(context.runId);
    if (folder === undefined) return;
    this.folders.delete(context.runId);
    const troubles: unknown[] = [];
    const attempt = (work: () => Promise<void>): Promise<void> => work().catch((error: unknown) => void troubles.push(error));
    try {
      await attempt(() => this.run('post', context, folder, outcome));
      if (outcome.state === 'failed') await attempt(() => this.run('onFailure', context, folder, outcome));
    } finally {
      await attempt(() => folder.remove());
    }
    if (troubles.length > 0) throw new HoldfastError('hook-failed', troubles.map((trouble) => asHoldfastError(trouble).message).join(' '));
  }

  private async run(time: HookTime, { job, runId, say, signal }: RunContext, folder: HookFolder, outcome: RunOutcome | null): Promise<void> {
    const path = job.hooks[time];
    if (path === undefined) return;
    const { name, when } = words[time];
    const hook = await this.hooks.read(path);
    this.consent.requireHook(path, hook.sha256);
    const timeLimitMs = (job.hooks.timeLimitMinutes ?? defaultTimeLimitMinutes) * 60_000;
    const output = new Output((line) => say('info', `${name}: ${line}`));
    say('info', `Hook ${path} ${when} started`);
    const end = await hook.run({
      name, folder,
      // A run that was cancelled still gets to tidy up, for a short while.
      timeLimitMs: signal.aborted ? Math.min(timeLimitMs, shortLimit) : timeLimitMs,
      signal: signal.aborted ? null : signal,
      variables: {
        HOLDFAST_RUN_ID: runId, HOLDFAST_JOB: job.name, HOLDFAST_JOB_ID: job.id, HOLDFAST_WORKING_DIR: folder.working,
        HOLDFAST_HOOK: name, HOLDFAST_HOOK_FILE: path,
        ...(outcome === null ? {} : { HOLDFAST_STATUS: outcome.state }),
        ...(outcome?.error ? { HOLDFAST_ERROR: outcome.error.message } : {}),
      },
      line: (text) => output.take(text),
    });
    output.end();
    if (end.why === 'cancelled') throw new HoldfastError('cancelled', `The hook ${path} was ended because the run was cancelled.`);
    const trouble = troubleOf(end, timeLimitMs);
    if (trouble !== null) throw new HoldfastError('hook-failed', `The hook ${path} ${when} ${trouble}${output.last === '' ? '' : `: ${output.last.slice(0, 300)}`}. Its output is in the log of the run.`);
    say('info', `Hook ${path} finished`);
  }
}

function troubleOf({ code, killedBy, why }: HookEnd, timeLimitMs: number): string | null {
  if (why === 'time') return `took longer than ${countText(Math.round(timeLimitMs / 60_000), 'minute')} and was ended`;
  if (killedBy !== null) return `was ended by ${killedBy}`;
  return code === 0 ? null : `ended with exit code ${code ?? 'unknown'}`;
}

/** What a hook writes, as far as a log has room for it. */
class Output {
  /** The last line that was not empty: it mostly says what went wrong. */
  last = '';
  private lines = 0;
  private characters = 0;
  private leftOut = 0;

  constructor(private readonly say: (line: string) => void) {}

  take(line: string): void {
    if (line.trim() !== '') this.last = line.trim();
    this.lines += 1;
    this.characters += line.length;
    if (this.lines > mostLines || this.characters > mostCharacters) this.leftOut += 1;
    else this.say(line);
  }

  end(): void {
    if (this.leftOut > 0) this.say(`${countText(this.leftOut, 'more line')} left out`);
  }
}
