/** `--group-by`, the same in every command. */
import { z } from 'zod';
import { HoldfastError } from '../../shared/errors.js';

const groups = z.array(z.enum(['host', 'paths', 'tags']));
export type GroupKeys = z.infer<typeof groups>;

/** @throws HoldfastError `usage` */
export function parseGroups(text: string): GroupKeys {
  const parsed = groups.safeParse(text.split(',').map((name) => name.trim()).filter((name) => name !== ''));
  if (!parsed.success) throw new HoldfastError('usage', `--group-by is "${text}". Name one or more of host, paths, tags.`);
  return parsed.data;
}

export const groupTitle = ({ host, paths, tags }: { readonly host?: string; readonly paths?: readonly string[]; readonly tags?: readonly string[] }): string => {
  const who = [host, paths?.join(', '), tags?.join(', ')].filter((part) => part !== undefined && part !== '').join(' ');
  return who === '' ? 'All snapshots' : who;
};
