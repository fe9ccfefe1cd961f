/** Which changes of the agent's state are worth a person's attention. Pure: the Electron edge is in notifications.ts. */
import { wishText } from '../../shared/consent.js';
import type { AgentState } from '../../shared/control.js';
import { isFinal, isGood, type Run } from '../../shared/model.js';
import { bytesText, countText } from '../../shared/text.js';

export interface Notice {
  readonly title: string;
  readonly body: string;
}

/** What to say about two states: what the hub asks anew, and the runs that ended in between: those that failed, and a job's first backup. */
export function noticesBetween(before: AgentState, after: AgentState): Notice[] {
  const wasUnderWay = new Set(before.runs.filter((run) => !isFinal(run.state)).map((run) => run.id));
  const known = new Set(before.runs.map((run) => run.id));
  const ended = after.runs.filter((run) => isFinal(run.state) && (wasUnderWay.has(run.id) || !known.has(run.id)));
  return [...asking(before, after), ...ended.flatMap((run) => notice(run, after) ?? [])];
}

/** Questions of the hub that are new; several are one notice. */
function asking(before: AgentState, after: AgentState): Notice[] {
  const known = new Set(before.consent.waiting.map(({ id }) => id));
  const [first, ...others] = after.consent.waiting.filter(({ id }) => !known.has(id));
  if (first === undefined) return [];
  const more = others.length === 0 ? '' : `, and ${countText(others.length, 'more thing')}`;
  return [{ title: 'Your hub waits for your answer', body: `It wants to ${wishText(first)}${more}. Open Holdfast to allow or refuse it.` }];
}

function notice(run: Run, { runs }: AgentState): Notice | null {
  if (run.state === 'failed') {
    return { title: `Backup of "${run.jobName}" failed`, body: run.error?.message ?? 'Open Holdfast to see the log.' };
  }
  if (!isGood(run.state) || run.result === null) return null;
  const isFirst = !runs.some((other) => other.id !== run.id && other.jobId === run.jobId && isGood(other.state));
  if (run.trigger !== 'first' && !isFirst) return null;
  const { filesNew, filesChanged, filesUnmodified, bytesStored, unreadableCount } = run.result;
  const unread = unreadableCount === 0 ? '' : ` ${countText(unreadableCount, 'file')} could not be read.`;
  return {
    title: `First backup of "${run.jobName}" finished`,
    body: `${countText(filesNew + filesChanged + filesUnmodified, 'file')} are safe in ${bytesText(bytesStored)}.${unread}`,
  };
}

/** Notification servers on Linux take a little markup in the body and leave escaping to the sender. */
export const escapeMarkup = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
