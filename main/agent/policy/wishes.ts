/** What a job asks of a computer. Pure, and generic in sources: a kind of source that is new here is asked about as a whole. */
import type { JobDraft, Retention, Source } from '../../shared/model.js';

/** A wish as it is written in a job; what it means is found out on the computer. */
export type Wish =
  | { readonly kind: 'folder'; readonly path: string }
  | { readonly kind: 'source'; readonly key: string; readonly subject: string }
  | { readonly kind: 'hook'; readonly path: string; readonly when: HookTime }
  | { readonly kind: 'forget'; readonly key: string; readonly subject: string };

export const hookTimes = ['pre', 'post', 'onFailure'] as const;
export type HookTime = (typeof hookTimes)[number];

/** What leaves something out can only make a job smaller, so it is not asked about. */
const narrows = /^exclude/;

export function wishesOf({ sources, hooks, retention, destination }: Pick<JobDraft, 'sources' | 'hooks' | 'retention' | 'destination'>): Wish[] {
  const wishes: Wish[] = [
    ...sources.flatMap(ofSource),
    ...hookTimes.flatMap((when): Wish[] => {
      const path = hooks[when];
      return path === undefined ? [] : [{ kind: 'hook', path, when }];
    }),
    ...ofRetention(retention, destination),
  ];
  const seen = new Set<string>();
  return wishes.filter((wish) => {
    const text = wish.kind === 'hook' ? `hook ${wish.path}` : JSON.stringify(wish);
    return seen.has(text) ? false : Boolean(seen.add(text));
  });
}

function ofSource(source: Source): Wish[] {
  if (source.type === 'files') return source.paths.map((path) => ({ kind: 'folder', path }));
  const entries = Object.entries(source as Readonly<Record<string, unknown>>).filter(([name, value]) => value !== undefined && !narrows.test(name)).sort(([a], [b]) => (a < b ? -1 : 1));
  return [{ kind: 'source', key: JSON.stringify(entries), subject: sourceSubject(entries) }];
}

/** `postgresql: host localhost, port 5432, user anna`. */
function sourceSubject(entries: readonly (readonly [string, unknown])[]): string {
  const type = entries.find(([name]) => name === 'type')?.[1];
  const facts = entries.filter(([name]) => name !== 'type').map(([name, value]) => `${name} ${Array.isArray(value) ? value.join(' ') : String(value)}`);
  return `${String(type)}: ${facts.join(', ')}`;
}

const ruleNames = {
  keepLast: 'the last', keepHourly: 'hours', keepDaily: 'days', keepWeekly: 'weeks', keepMonthly: 'months', keepYearly: 'years', keepWithin: 'all within',
} as const satisfies Record<keyof Retention, string>;

function ofRetention(retention: Retention, { url }: { readonly url: string }): Wish[] {
  const rules = (Object.keys(ruleNames) as (keyof typeof ruleNames)[]).flatMap((name) => (retention[name] === undefined ? [] : [[name, retention[name]] as const]));
  if (rules.length === 0) return [];
  const words = rules.map(([name, value]) => (name === 'keepLast' || name === 'keepWithin' ? `${ruleNames[name]} ${value}` : `${value} ${ruleNames[name]}`));
  return [{ kind: 'forget', key: JSON.stringify([url, rules]), subject: `keep ${words.join(', ')} in ${url}` }];
}
