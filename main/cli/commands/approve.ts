import path from 'node:path';
import { z } from 'zod';
import { wishText, type Consent, type ConsentAnswer, type ConsentQuestion } from '../../shared/consent.js';
import { alarmAdvice } from '../../shared/alarm.js';
import type { AgentControl, JobView } from '../../shared/control.js';
import { asHoldfastError, HoldfastError } from '../../shared/errors.js';
import { withAgent } from '../agent/control.js';
import type { Cli, Register } from '../cli.js';
import { collect } from '../cli.js';
import { table } from '../terminal/table.js';

const options = z.object({
  list: z.boolean().default(false), all: z.boolean().default(false), refuse: z.boolean().default(false), withdraw: z.boolean().default(false),
  folder: z.array(z.string().min(1)).default([]), ask: z.enum(['others', 'everyone']).optional(),
});

export const register: Register = (program, cli) => {
  program.command('approve').argument('[id...]', 'ids of what to allow or accept, or the beginnings of them')
    .description('allow what a hub wants of this computer, or accept unusual changes; without an id, list what waits')
    .option('--list', 'list what waits, what was refused and what was allowed')
    .option('--all', 'everything that waits')
    .option('--folder <dir>', 'let the hub back up this folder and all below it (may be given several times; works before anything asks)', collect)
    .option('--refuse', 'refuse instead of allowing')
    .option('--withdraw', 'take an answer back, so that it is asked anew')
    .option('--ask <whom>', 'others: do not ask about a hub that you run yourself on this computer, but for hooks (the default); everyone: always ask')
    .action(cli.action(options, async ({ args: ids, options: given }) => {
      if (given.refuse && given.withdraw) throw new HoldfastError('usage', 'Give one of --refuse and --withdraw.');
      if (given.all && (ids.length > 0 || given.withdraw)) throw new HoldfastError('usage', '--all stands alone, or with --refuse.');
      if (given.folder.length > 0) return allowFolders(cli, given.folder.map((folder) => path.resolve(cli.process.cwd(), folder)));
      await withAgent(cli, async (control) => {
        if (given.ask !== undefined) await control.call('setAskAbout', { askAbout: given.ask });
        if (given.all) await answerAll(cli, control, given.refuse ? 'refuse' : 'allow');
        else if (ids.length > 0) await answer(cli, control, ids, given.withdraw ? 'withdraw' : given.refuse ? 'refuse' : 'allow');
        else await list(cli, control, given.list);
      });
    }));
};

async function list(cli: Cli, control: AgentControl, everything: boolean): Promise<void> {
  const [{ consent, jobs }, { allowed }] = await Promise.all([control.call('state', {}), control.call('allowed', {})]);
  cli.result({ ...consent, allowed, unusual: alarmsOf(jobs) }, () => [
    ...alarmsOf(jobs).map(({ id, jobName, reason }) => `${id}  "${jobName}": ${reason} ${alarmAdvice}\nAccept with: holdfast approve ${id}`),
    listText(consent),
    ...(everything ? [answersText('Refused', consent.refused), answersText('Allowed', allowed)] : []),
  ].filter((part) => part !== '').join('\n\n'));
}

function listText({ askAbout, moreWaiting, ownHub, waiting }: Consent): string {
  const own = ownHub && askAbout === 'others' ? ' The hub is your own, on this computer: it needs a yes for hooks only.' : '';
  if (waiting.length === 0) return `Nothing waits for a yes.${own}`;
  const rows = waiting.map((each) => [each.id, wishText(each), each.jobs.map(({ name }) => `"${name}"`).join(', ')]);
  const details = waiting.filter(({ detail }) => detail !== '').map(({ detail, id }) => `  ${id}: ${detail}`);
  return [
    `The hub wants to:${own}`, table(['ID', 'What', 'For the job'], rows), ...details,
    ...(moreWaiting === 0 ? [] : [`... and ${moreWaiting} more.`]),
    'Allow with "holdfast approve ID" or "holdfast approve --all"; refuse with "holdfast approve --refuse ID".',
  ].join('\n');
}

function answersText(title: string, answers: readonly (ConsentAnswer | ConsentQuestion)[]): string {
  if (answers.length === 0) return '';
  return `${title}:\n${answers.map(({ detail, id, ...wish }) => `  ${id}  ${wishText(wish)}${detail === '' ? '' : ` (${detail})`}`).join('\n')}`;
}

const alarmsOf = (jobs: readonly JobView[]): { id: string; jobId: string; jobName: string; reason: string }[] =>
  jobs.flatMap(({ alarm, job }) => (alarm === null ? [] : [{ id: alarm.id, jobId: job.id, jobName: job.name, reason: alarm.reason }]));

async function answer(cli: Cli, control: AgentControl, given: readonly string[], how: 'allow' | 'refuse' | 'withdraw'): Promise<void> {
  const [{ consent, jobs }, { allowed }] = await Promise.all([control.call('state', {}), control.call('allowed', {})]);
  const alarms = how === 'allow' ? alarmsOf(jobs).filter(({ id }) => given.some((text) => text.length >= 3 && id.startsWith(text.toLowerCase()))) : [];
  for (const { jobId } of alarms) await control.call('acceptChanges', { jobId });
  const rest = given.filter((text) => !alarms.some(({ id }) => id.startsWith(text.toLowerCase())));
  if (alarms.length > 0) cli.result({ accepted: alarms }, () => alarms.map(({ jobName }) => `The changes of "${jobName}" are accepted; its old snapshots may be forgotten again.`).join('\n'));
  if (rest.length === 0) return;
  const known = how === 'withdraw' ? [...allowed, ...consent.refused] : [...consent.waiting, ...consent.refused];
  const chosen = rest.map((text) => pick(known, text));
  const ids = chosen.map(({ id }) => id);
  if (how === 'withdraw') await control.call('withdrawConsent', { ids });
  else await control.call('answerConsent', { ids, answer: how });
  say(cli, how, chosen);
}

/** Asked again until nothing waits: of very many questions only the first are listed. */
async function answerAll(cli: Cli, control: AgentControl, how: 'allow' | 'refuse'): Promise<void> {
  const done: ConsentQuestion[] = [];
  for (;;) {
    const { consent: { waiting } } = await control.call('state', {});
    if (waiting.length === 0) break;
    await control.call('answerConsent', { ids: waiting.map(({ id }) => id), answer: how });
    done.push(...waiting);
    cli.signal.throwIfAborted();
  }
  say(cli, how, done);
}

const done = { allow: 'Allowed to', refuse: 'Refused to', withdraw: 'Asked anew from now on: to' } as const;

function say(cli: Cli, how: keyof typeof done, answers: readonly (ConsentAnswer | ConsentQuestion)[]): void {
  cli.result({ answer: how, answered: answers }, () => (answers.length === 0 ? 'Nothing waits for a yes.' : answers.map((each) => `${done[how]} ${wishText(each)}.`).join('\n')));
}

function pick<T extends { readonly id: string }>(known: readonly T[], text: string): T {
  const found = text.length < 3 ? [] : known.filter(({ id }) => id.startsWith(text.toLowerCase()));
  const [only, other] = found;
  if (only === undefined) throw new HoldfastError('not-found', `Nothing with the id "${text}" waits for an answer. See: holdfast approve --list`);
  if (other !== undefined) throw new HoldfastError('usage', `Several ids begin with "${text}". Give more of it.`);
  return only;
}

/** With the agent where one runs, and else straight into its policy, so that a server can be made ready before. */
async function allowFolders(cli: Cli, paths: readonly string[]): Promise<void> {
  try {
    await withAgent(cli, (control) => control.call('allowFolders', { paths: [...paths] }));
  } catch (thrown) {
    if (asHoldfastError(thrown).code !== 'not-found') throw thrown;
    const { allowFoldersAlone } = await import('../agent/allow-alone.js');
    await allowFoldersAlone(cli, paths);
  }
  cli.result({ answer: 'allow', folders: paths }, () => paths.map((folder) => `Allowed to back up the folder ${folder}.`).join('\n'));
}
