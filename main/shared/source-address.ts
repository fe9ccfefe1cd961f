/**
 * Sources as one word of a command line: `postgresql://anna@localhost:5432/shop,blog?exclude-tables=log`, `sqlite:/srv/app.db`,
 * `wordpress:/srv/www`. Never with a password.
 */
import { HoldfastError } from './errors.js';
import { sourceSchema } from './model.js';
import { isServer, type DatabaseSource, type ServerSource } from './sources.js';

const schemes: Readonly<Record<string, ServerSource['type']>> = { postgresql: 'postgresql', postgres: 'postgresql', mysql: 'mysql', mariadb: 'mysql', mongodb: 'mongodb', redis: 'redis' };
const siteTypes = ['wordpress', 'laravel'] as const;

/** Settings after `?`, and whether they are lists. */
const settings = {
  host: { field: 'host', many: false }, container: { field: 'container', many: false }, tls: { field: 'tls', many: false },
  'authentication-database': { field: 'authenticationDatabase', many: false },
  'exclude-databases': { field: 'excludeDatabases', many: true }, 'exclude-schemas': { field: 'excludeSchemas', many: true },
  'exclude-tables': { field: 'excludeTables', many: true }, 'exclude-table-data': { field: 'excludeTableData', many: true },
} as const;
type Setting = keyof typeof settings;
const isSetting = (name: string): name is Setting => name in settings;

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new HoldfastError('usage', 'A % in a source must be followed by two hexadecimal digits. Write a percent sign as %25.');
  }
}

const split = (text: string): string[] => text.split(',').filter((part) => part !== '').map(decoded);

/** @throws HoldfastError `usage` with what is wrong */
export function parseSourceAddress(text: string): DatabaseSource {
  const scheme = /^([a-z]+):/.exec(text)?.[1] ?? '';
  const type = schemes[scheme];
  const source = sourceSchema.safeParse(type === undefined ? ofPath(scheme, text) : ofServer(type, text));
  if (!source.success) throw new HoldfastError('usage', `The source "${text}" is not complete: ${source.error.issues[0]?.message ?? 'it is not understood'}.`);
  if (source.data.type === 'files') throw new HoldfastError('usage', 'Folders are given as they are, without "files:".');
  return source.data;
}

function ofPath(scheme: string, text: string): object {
  const rest = text.slice(scheme.length + 1);
  if (scheme === 'sqlite') return { type: 'sqlite', path: rest };
  const type = siteTypes.find((each) => each === scheme);
  if (type === undefined) throw new HoldfastError('usage', `"${text.slice(0, 40)}" is no source. Sources begin with postgresql:, mysql:, mongodb:, redis:, sqlite:, wordpress: or laravel:.`);
  const [, folder, container] = /^(.*?)(?:\?container=([\w.-]+))?$/.exec(rest) ?? [];
  return { type, folder, ...(container === undefined ? {} : { container }) };
}

function ofServer(type: ServerSource['type'], text: string): object {
  // "//host" is read as a web address is: the scheme itself would leave the host unparsed
  const address = text.replace(/^[a-z]+:(\/\/)?/, 'http://').replace(/^http:\/\/([^/?]*@)?(?=[/?]|$)/, 'http://$1localhost');
  if (!URL.canParse(address)) throw new HoldfastError('usage', 'That source is not an address. Write it like postgresql://anna@localhost:5432/shop.');
  const url = new URL(address);
  if (url.password !== '') throw new HoldfastError('usage', 'A password does not belong in a source: others could read it. Leave it out, and give it with: holdfast secret set');
  const more = [...url.searchParams].map(([name, value]) => {
    if (!isSetting(name)) throw new HoldfastError('usage', `A source has no setting "${name}". It knows ${Object.keys(settings).join(', ')}.`);
    const { field, many } = settings[name];
    return [field, many ? split(value) : value] as const;
  });
  const databases = split(url.pathname.slice(1));
  const named = databases.length === 0 ? {} : type === 'mongodb' ? { database: databases[0] } : type === 'redis' ? {} : { databases };
  return {
    type, host: url.hostname.replace(/^\[(.*)\]$/, '$1'), ...(url.port === '' ? (/:80(?:[/?]|$)/.test(text) ? { port: 80 } : {}) : { port: Number(url.port) }),
    ...(url.username === '' ? {} : { user: decoded(url.username) }), ...named, ...Object.fromEntries(more),
  };
}

/** The word that `parseSourceAddress` reads. */
export function sourceAddress(source: DatabaseSource): string {
  if (source.type === 'sqlite') return `sqlite:${source.path}`;
  if (!isServer(source)) return `${source.type}:${source.folder}${source.container === undefined ? '' : `?container=${source.container}`}`;
  const isSocket = source.host.startsWith('/');
  const host = isSocket || source.container !== undefined ? '' : source.host.includes(':') ? `[${source.host}]` : source.host;
  const port = source.port === undefined ? '' : `${host === '' ? 'localhost' : ''}:${source.port}`;
  const databases = source.type === 'mongodb' ? (source.database === undefined ? [] : [source.database]) : 'databases' in source ? source.databases ?? [] : [];
  const query = Object.entries(settings).flatMap(([name, { field }]) => {
    const value: unknown = Object.entries(source).find(([key]) => key === field)?.[1];
    if (value === undefined || (field === 'host' && !isSocket) || (field === 'tls' && value === 'prefer')) return [];
    return [`${name}=${(Array.isArray(value) ? value : [value]).map((each) => encodeURIComponent(encodeIn(String(each), Array.isArray(value)))).join(',')}`];
  });
  return `${source.type}://${source.user === undefined ? '' : `${encodeURIComponent(source.user)}@`}${host}${port}${databases.length === 0 ? '' : `/${databases.map(encodeURIComponent).join(',')}`}${query.length === 0 ? '' : `?${query.join('&')}`}`;
}

/** Names of a list are encoded once more, so that a comma inside one is no end of it. */
const encodeIn = (text: string, isList: boolean): string => (isList ? encodeURIComponent(text) : text);
