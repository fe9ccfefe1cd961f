/**
 * The part of OpenSSH's client configuration that says how a host is reached. As in OpenSSH the first value found counts.
 * Source: ssh_config(5).
 */
import { existsSync, globSync, readFileSync } from './files.js';
import { homedir, userInfo } from 'node:os';
import { join } from 'node:path';
import { HoldfastError } from '../../../shared/errors.js';

export interface HostSettings {
  readonly hostname: string;
  readonly port: number;
  readonly user: string;
  readonly identityFiles: readonly string[];
  /** A socket; null for "none". */
  readonly identityAgent: string | null | undefined;
  readonly identitiesOnly: boolean;
  readonly userKnownHostsFiles: readonly string[];
  /** The name under which the host's key is known, where that is another one. */
  readonly hostKeyAlias: string | undefined;
  /** `user@host:port`, nearest first. */
  readonly proxyJump: readonly string[];
}

export interface Entry { readonly keyword: string; readonly values: readonly string[] }

const deepestInclude = 8;

/** All entries that apply to `host`, in order. */
export function entriesFor(host: string, text: string, home: string, depth = 0): Entry[] {
  const found: Entry[] = [];
  let applies = true;
  for (const line of text.split(/\r?\n/)) {
    const [keyword = '', ...values] = words(line);
    switch (keyword.toLowerCase()) {
      case '':
        break;
      case 'host':
        applies = matches(host, values);
        break;
      case 'match': // its conditions (commands, networks) are more than we can judge, except for "all"
        applies = values.length === 1 && values[0]?.toLowerCase() === 'all';
        break;
      case 'include':
        if (!applies || depth >= deepestInclude) break;
        for (const pattern of values) {
          const place = pattern.startsWith('~/') ? join(home, pattern.slice(2)) : pattern.startsWith('/') ? pattern : join(home, '.ssh', pattern);
          for (const file of globSync(place)) found.push(...entriesFor(host, readFileSync(file), home, depth + 1));
        }
        break;
      default:
        if (applies) found.push({ keyword: keyword.toLowerCase(), values });
    }
  }
  return found;
}

/** Whether OpenSSH's list of patterns covers a name: `*`, `?`, and `!` to exclude. */
export function matches(name: string, patterns: readonly string[]): boolean {
  let any = false;
  for (const pattern of patterns) {
    const negated = pattern.startsWith('!');
    const expression = (negated ? pattern.slice(1) : pattern).replace(/[.+^${}()|[\]\\]/g, '\\$&').replaceAll('*', '.*').replaceAll('?', '.');
    if (!new RegExp(`^${expression}$`, 'i').test(name)) continue;
    if (negated) return false;
    any = true;
  }
  return any;
}

function words(line: string): string[] {
  const text = line.trim();
  if (text === '' || text.startsWith('#')) return [];
  return [...text.replace(/^(\w+)\s*=\s*/, '$1 ').matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, bare]) => quoted ?? bare ?? '');
}

/**
 * How `host` is reached.
 * @param files configuration files, the user's first
 * @throws `usage` for a configuration that needs another program to connect
 */
export function settingsFor(host: string, given: { user?: string | undefined; port?: number | undefined }, files: readonly string[], home = homedir()): HostSettings {
  const entries = files.filter(existsSync).flatMap((file) => entriesFor(host, readFileSync(file), home));
  const first = (keyword: string): readonly string[] | undefined => entries.find((entry) => entry.keyword === keyword)?.values;
  const one = (keyword: string): string | undefined => first(keyword)?.[0];
  const hostname = (one('hostname') ?? host).replaceAll('%h', host);
  const user = given.user ?? one('user') ?? userInfo().username;
  const expand = (path: string): string => path.replace(/^~(?=\/)/, home).replaceAll('%d', home).replaceAll('%h', hostname).replaceAll('%r', user).replaceAll('%u', userInfo().username);
  const command = one('proxycommand');
  const jump = one('proxyjump');
  if (command !== undefined && command.toLowerCase() !== 'none' && jump === undefined) {
    throw new HoldfastError('usage', `The ssh configuration reaches ${host} through a ProxyCommand, which Holdfast does not run. Use ProxyJump instead.`);
  }
  const agent = one('identityagent');
  return {
    hostname, user,
    port: given.port ?? Number(one('port') ?? 22),
    identityFiles: entries.filter(({ keyword }) => keyword === 'identityfile').flatMap(({ values }) => values.map(expand)),
    identityAgent: agent === undefined || agent === 'SSH_AUTH_SOCK' ? undefined : agent.toLowerCase() === 'none' ? null : expand(agent),
    identitiesOnly: one('identitiesonly')?.toLowerCase() === 'yes',
    userKnownHostsFiles: (first('userknownhostsfile') ?? ['~/.ssh/known_hosts', '~/.ssh/known_hosts2']).map(expand),
    hostKeyAlias: one('hostkeyalias'),
    proxyJump: jump === undefined || jump.toLowerCase() === 'none' ? [] : jump.split(',').map((hop) => hop.replace(/^ssh:\/\//, '')),
  };
}
