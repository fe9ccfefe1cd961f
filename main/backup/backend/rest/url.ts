/** `rest:https://user:password@host:8000/path/`, as restic writes it. */
import { HoldfastError } from '../../../shared/errors.js';
import { decoded } from '../decode.js';

export interface RestPlace {
  /** Without user and password; the path ends with a slash. */
  readonly base: URL;
  readonly user: string | undefined;
  readonly password: string | undefined;
  /** For messages. */
  readonly location: string;
}

/** @throws `usage` */
export function parseRestUrl(url: string): RestPlace {
  const text = url.replace(/^rest:/, '');
  const base = URL.canParse(text) ? new URL(text) : null;
  if (!base || !['http:', 'https:'].includes(base.protocol)) {
    throw new HoldfastError('usage', 'The address of a REST server looks like rest:https://host:8000/path/. Check it.');
  }
  const user = base.username === '' ? undefined : decoded(base.username);
  const password = base.password === '' ? undefined : decoded(base.password);
  base.username = '';
  base.password = '';
  base.search = '';
  base.hash = '';
  if (!base.pathname.endsWith('/')) base.pathname += '/';
  return { base, user, password, location: `rest:${base.href}` };
}
