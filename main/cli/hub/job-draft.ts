/** A job from the words of the command line. */
import { createHash } from 'node:crypto';
import path from 'node:path';
import { HoldfastError } from '../../shared/errors.js';
import { parseSourceAddress } from '../../shared/source-address.js';
import { hubStorageDestination, isHubStorage } from '../../shared/protocol/storage.js';
import { jobDraftSchema, type Destination, type JobDraft, type Schedule } from '../../shared/model.js';

export interface JobWords {
  readonly name: string;
  readonly paths: readonly string[];
  /** Databases and sites. */
  readonly addresses?: readonly string[];
  readonly repo: string;
  /** Repositories that get a copy. */
  readonly copyTo?: readonly string[] | undefined;
  readonly every?: string | undefined;
  readonly at?: readonly string[] | undefined;
  readonly days?: string | undefined;
  readonly cron?: string | undefined;
  readonly exclude?: readonly string[] | undefined;
  readonly keep: Readonly<Record<string, number | string | undefined>>;
  readonly onBattery?: boolean | undefined;
  readonly onMetered?: boolean | undefined;
  readonly hookPre?: string | undefined;
  readonly hookPost?: string | undefined;
  readonly hookFailure?: string | undefined;
  /** Minutes. */
  readonly hookLimit?: number | undefined;
}

/** @throws HoldfastError `usage`. */
export function jobDraft(words: JobWords, workingFolder: string): JobDraft {
  if (words.paths.length === 0 && (words.addresses ?? []).length === 0) throw new HoldfastError('usage', 'The job is to back up nothing. Name a path, or a database or site with --source.');
  const files = words.paths.length === 0 ? [] : [{ type: 'files', paths: words.paths.map((each) => path.resolve(workingFolder, each)), excludes: words.exclude ?? [] }];
  const draft = jobDraftSchema.safeParse({
    name: words.name,
    sources: [...files, ...(words.addresses ?? []).map(parseSourceAddress)],
    destination: destinationAt(words.repo, workingFolder),
    copies: (words.copyTo ?? []).map((place) => destinationAt(place, workingFolder)),
    schedule: schedule(words),
    retention: Object.fromEntries(Object.entries(words.keep).filter(([, rule]) => rule !== undefined)),
    hooks: hooks(words, workingFolder),
    conditions: { onBattery: words.onBattery === true ? 'run' : 'defer', onMetered: words.onMetered === true ? 'run' : 'defer' },
  });
  if (!draft.success) throw new HoldfastError('usage', `The job is not complete: ${draft.error.issues.map(({ message }) => message).join('; ')}.`);
  return draft.data;
}

/** Paths of that computer; a plain name is taken from the folder where the command runs. */
function hooks({ hookFailure, hookLimit, hookPost, hookPre }: JobWords, workingFolder: string): object {
  const file = (given: string | undefined): string | undefined => (given === undefined ? undefined : path.resolve(workingFolder, given));
  return { pre: file(hookPre), post: file(hookPost), onFailure: file(hookFailure), timeLimitMinutes: hookLimit };
}

function destinationAt(place: string, workingFolder: string): Destination {
  const url = /^(local:|[a-z0-9]+:)/.test(place) ? place : path.resolve(workingFolder, place);
  return isHubStorage(url) ? hubStorageDestination : { id: destinationId(url), name: destinationName(url), url };
}

/** One id per place, so that jobs into one repository share its password. The window makes ids the same way. */
export const destinationId = (url: string): string => createHash('sha256').update(url.replace(/^local:/, '')).digest('hex').slice(0, 32);

const destinationName = (url: string): string => path.basename(url.replace(/\/+$/, '')).slice(0, 120) || url.slice(0, 120);

function schedule({ at, cron, days, every }: JobWords): Schedule {
  const given = [at, cron, every].filter((each) => each !== undefined);
  if (given.length > 1) throw new HoldfastError('usage', 'Give one of --every, --at and --cron.');
  if (days !== undefined && at === undefined) throw new HoldfastError('usage', '--days belongs to --at.');
  if (cron !== undefined) return { type: 'cron', expression: cron };
  if (every !== undefined) return { type: 'every', minutes: minutes(every) };
  if (at !== undefined) return { type: 'times', times: [...at], ...(days === undefined ? {} : { days: weekdays(days) }) };
  return { type: 'manual' };
}

function minutes(text: string): number {
  const match = /^(\d+)(m|min|h|d)$/.exec(text);
  if (match === null) throw new HoldfastError('usage', `"${text}" is not a span of time. Write it like 30m, 6h or 1d.`);
  return Number(match[1]) * { m: 1, min: 1, h: 60, d: 1440 }[match[2] as 'm' | 'min' | 'h' | 'd'];
}

const names = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'];

function weekdays(text: string): number[] {
  return text.toLowerCase().split(',').map((name) => {
    const day = names.indexOf(name.trim().slice(0, 3));
    if (day === -1) throw new HoldfastError('usage', `"${name}" is not a weekday. Write them like mon,tue,fri.`);
    return day;
  });
}
