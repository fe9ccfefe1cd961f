/** Reading small text files that may not be there. */
import { existsSync, readdirSync, readFileSync as read } from 'node:fs';
import { dirname, basename, join } from 'node:path';

export { existsSync };

/** The text, or nothing where the file cannot be read. */
export function readFileSync(path: string): string {
  try {
    return read(path, 'utf8');
  } catch {
    return '';
  }
}

/** Files whose last part matches a pattern with `*` and `?`, in order. */
export function globSync(pattern: string): string[] {
  const last = basename(pattern);
  if (!/[*?]/.test(last)) return existsSync(pattern) ? [pattern] : [];
  const expression = new RegExp(`^${last.replace(/[.+^${}()|[\]\\]/g, '\\$&').replaceAll('*', '.*').replaceAll('?', '.')}$`);
  try {
    return readdirSync(dirname(pattern)).filter((name) => expression.test(name)).sort().map((name) => join(dirname(pattern), name));
  } catch {
    return [];
  }
}
