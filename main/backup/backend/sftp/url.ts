/** `sftp:user@host:/path` and `sftp://user@host:port//path`, as restic writes them. A path without a slash at its beginning is relative to the home folder. */
import { posix } from 'node:path';
import { HoldfastError } from '../../../shared/errors.js';
import { decoded } from '../decode.js';

export interface SftpPlace {
  readonly user: string | undefined;
  /** A name, an address, or a Host of the ssh configuration. */
  readonly host: string;
  readonly port: number | undefined;
  readonly path: string;
  /** For messages. */
  readonly location: string;
}

/** @throws `usage` */
export function parseSftpUrl(url: string): SftpPlace {
  const { user, host, port, path } = url.startsWith('sftp://') ? fromUrl(url) : fromShort(url.replace(/^sftp:/, ''));
  const clean = posix.normalize(path).replace(/(?<=.)\/$/, '');
  if (host === '' || path === '') throw wrong();
  if (clean.startsWith('~')) {
    throw new HoldfastError('usage', 'SFTP servers know no "~". Leave it and the slash away: a path without a slash at its beginning is relative to the home folder.');
  }
  const who = `${user === undefined ? '' : `${user}@`}${host}`;
  const location = port === undefined ? `sftp:${who}:${clean}` : `sftp://${who}:${port}/${clean}`;
  return { user, host, port, path: clean, location };
}

function wrong(): HoldfastError {
  return new HoldfastError('usage', 'The address of an SFTP repository looks like sftp:user@host:/path or sftp://user@host:22//path. Check it.');
}

function holdsPassword(): HoldfastError {
  return new HoldfastError('usage', 'An SFTP address holds no password. Give it as a setting of the destination (password).');
}

function fromUrl(url: string): Omit<SftpPlace, 'location'> {
  if (!URL.canParse(url)) throw wrong();
  const parsed = new URL(url);
  if (parsed.password !== '') throw holdsPassword();
  return {
    user: parsed.username === '' ? undefined : decoded(parsed.username),
    host: parsed.hostname.replace(/^\[|\]$/g, ''),
    port: parsed.port === '' ? undefined : Number(parsed.port),
    path: decoded(parsed.pathname).slice(1),
  };
}

function fromShort(text: string): Omit<SftpPlace, 'location'> {
  const address = /^(?:(.+)@)?(\[[^\]]+\]|[^:@]+):(.*)$/s.exec(text);
  if (!address) throw wrong();
  const [, user, host = '', path = ''] = address;
  if (user?.includes(':')) throw holdsPassword();
  return { user, host: host.replace(/^\[|\]$/g, ''), port: undefined, path };
}
