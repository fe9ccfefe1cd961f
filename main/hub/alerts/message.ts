/** What a channel is given to say, and its text for people and for programs. Pure. */
import type { alertKinds } from '../../shared/protocol/alerts.js';

export interface NewsItem {
  readonly id: string;
  readonly kind: (typeof alertKinds)[number];
  readonly state: 'open' | 'over';
  readonly title: string;
  readonly text: string;
  readonly agentId: string | null;
  readonly jobId: string | null;
  /** ISO times. */
  readonly openedAt: string;
  readonly overAt: string | null;
}

export interface News {
  readonly hub: { readonly name: string; readonly url: string };
  /** One at least. Everything that came up together is one message. */
  readonly items: readonly NewsItem[];
}

/** Listed in full in one message; the rest is counted. */
const listed = 50;

/** One line. */
export function subjectOf({ hub, items }: News): string {
  const [only] = items;
  if (items.length === 1 && only !== undefined) return only.state === 'open' ? only.title : `Over: ${only.title}`;
  const open = items.filter((item) => item.state === 'open').length;
  const over = items.length - open;
  const parts = [...(open === 0 ? [] : [`${open} ${open === 1 ? 'problem' : 'problems'}`]), ...(over === 0 ? [] : [`${over} over`])];
  return `${hub.name}: ${parts.join(', ')}`;
}

/** Lines of plain text. */
export function bodyOf({ items }: News): string {
  const [only] = items;
  if (items.length === 1 && only !== undefined) return lineOf(only, false);
  const lines = items.slice(0, listed).map((item) => `- ${lineOf(item, true)}`);
  return [...lines, ...(items.length > listed ? [`and ${items.length - listed} more; the dashboard shows them all.`] : [])].join('\n');
}

const lineOf = (item: NewsItem, named: boolean): string => {
  if (item.state === 'over') return named ? `Over: ${item.title}` : 'This problem is over.';
  return named ? `${item.title}: ${item.text}` : item.text;
};
