/** `holdfast restore --database`: a dump of a snapshot back into a server, or into a file. */
import path from 'node:path';
import { restoreDatabase, pickDump, type LoadedDatabase } from '../../agent/restore/databases.js';
import { localHost } from '../../backup/source/process/host.js';
import { HoldfastError } from '../../shared/errors.js';
import { dumpName, dumpsFolder } from '../../shared/restore.js';
import { parseSourceAddress } from '../../shared/source-address.js';
import { isServer, passwordTarget, serverText, type DatabaseSource } from '../../shared/sources.js';
import { countText } from '../../shared/text.js';
import type { Cli, GlobalOptions } from '../cli.js';
import { openPlaces } from '../places.js';
import { askPassword, canAsk } from '../terminal/prompt.js';
import { repositoryAccess } from './access.js';
import { withEngine } from './engine.js';

export interface DatabaseWords {
  readonly snapshot: string;
  readonly database: string;
  readonly into: string | undefined;
  readonly replace: string | undefined;
  readonly withOwners: boolean;
}

export async function restoreDatabaseCommand(cli: Cli, options: GlobalOptions, words: DatabaseWords): Promise<void> {
  const { database, snapshot } = words;
  if (words.into === undefined) throw new HoldfastError('usage', 'Say where the database goes: --into postgresql://anna@localhost/new_name, or a file.');
  const target = /^[a-z]+:/.test(words.into) ? parseSourceAddress(words.into) : { type: 'file' as const, path: path.resolve(cli.process.cwd(), words.into) };
  const replace = words.replace === undefined ? null : target.type === 'file' ? path.resolve(cli.process.cwd(), words.replace) : words.replace;
  const repository = await repositoryAccess(cli, options);
  const { signal } = cli;
  await withEngine(async (engine) => {
    const { entries } = await engine.ls({ repository, snapshot, paths: [dumpsFolder], recursive: true }, { signal }).catch((error: unknown) => {
      if (error instanceof HoldfastError && error.code === 'not-found' && error.message.includes(dumpsFolder)) return { entries: [] };
      throw error;
    });
    const dump = pickDump(entries.filter(({ type }) => type === 'file').map((entry) => entry.path), database);
    const loaded = await restoreDatabase({
      place: dump.place, into: target, replace, owners: words.withOwners, signal, password: await serverPassword(cli, target),
      content: (output) => engine.dump({ repository, snapshot, path: dump.path }, { signal, output }),
    }, localHost(cli.env));
    cli.result({ database: dump.place.database, path: dump.path, ...loaded }, () => `${dumpName(dump.place)} ${summary(loaded, target)}`);
  });
}

function summary({ into, rows, tables }: LoadedDatabase, target: DatabaseSource | { type: 'file' }): string {
  const counted = tables === null || rows === null ? '' : `: ${countText(tables, 'table')}, ${countText(rows, 'row')}`;
  return isServerTarget(target) ? `is loaded into "${into}" at ${serverText(target)} now${counted}.` : `is in ${into} now${counted}.`;
}

const isServerTarget = (target: DatabaseSource | { type: 'file' }): target is Extract<DatabaseSource, { host: string }> => target.type !== 'file' && isServer(target);

/** From the keychain, else asked. Null where nobody can be asked: .pgpass, .my.cnf or a socket may do without one. */
async function serverPassword(cli: Cli, target: DatabaseSource | { type: 'file' }): Promise<string | null> {
  if (!isServerTarget(target)) return null;
  const known = await (await (await openPlaces(cli)).secrets())?.get(`source:${passwordTarget(target)}`);
  if (known) return known;
  if (!canAsk(cli)) return null;
  return (await askPassword(cli, `Password of ${target.user ?? 'this user'} at ${serverText(target)} (empty for none): `)) || null;
}
