/** Proves dumps: each is read to its end, and loaded where there is something to load it into. */
import { createWriteStream } from 'node:fs';
import path from 'node:path';
import { once } from 'node:events';
import { checkRedis } from '../../backup/source/redis/load.js';
import { checkSqlite } from '../../backup/source/sqlite/load.js';
import type { Content } from '../../backup/source/process/feed.js';
import type { Host } from '../../backup/source/process/host.js';
import type { DatabaseProof } from '../../shared/drill.js';
import { asHoldfastError, HoldfastError } from '../../shared/errors.js';
import { dumpAt, dumpName, kindName, type DumpKind, type DumpPlace } from '../../shared/restore.js';
import type { Dump } from './sample.js';
import type { ScratchFolders } from './scratch.js';
import { mariadbForDrill } from './servers/mariadb.js';
import { postgresForDrill } from './servers/postgres.js';
import type { DumpServer } from './servers/server.js';

export interface DumpProofPorts {
  readonly host: Host;
  readonly scratch: ScratchFolders;
  /** The content of a dump, whose every blob is checked on the way. */
  content(dump: Dump): Content;
  readonly signal: AbortSignal;
}

interface PlacedDump extends Dump {
  readonly place: DumpPlace;
}

const installs: Readonly<Record<DumpKind, string>> = {
  postgresql: 'install postgresql to prove it', mysql: 'install mariadb-server to prove it', redis: 'install redis-tools to prove it',
  mongodb: 'there is no drill for MongoDB yet', sqlite: 'SQLite is missing',
};
const notLoaded = (kind: DumpKind): string => `The dump could be read to its end, but was not loaded: ${installs[kind]}.`;

/** What a scratch server lacks says nothing about the dump. */
const lacking = /which is not installed there|comes from a newer pg_dump|another kind or version of server|does not understand/;

export class DumpProofs {
  constructor(private readonly ports: DumpProofPorts) {}

  /** @throws HoldfastError only where the drill cannot go on: cancelled, no room, the repository cannot be reached. */
  async prove(dumps: readonly Dump[]): Promise<DatabaseProof[]> {
    const placed = dumps.flatMap((dump): PlacedDump[] => {
      const place = dumpAt(dump.path);
      return place === null ? [] : [{ ...dump, place }];
    });
    const of = (kind: DumpKind): PlacedDump[] => placed.filter(({ place }) => place.kind === kind);
    return [
      ...await this.inServer(of('postgresql'), 'postgresql'),
      ...await this.inServer(of('mysql'), 'mysql'),
      ...await this.each(of('sqlite'), (dump) => this.asFile(dump, (file) => checkSqlite(file, dumpName(dump.place), this.ports.signal))),
      ...await this.each(of('redis'), (dump) => this.asFile(dump, async (file) => {
        const checked = await checkRedis(file, dumpName(dump.place), this.ports.host, this.ports.signal);
        return checked === null ? null : { tables: 0, rows: checked.keys };
      })),
      ...await this.each(of('mongodb'), (dump) => this.readOnly(dump)),
    ];
  }

  private async inServer(dumps: readonly PlacedDump[], kind: 'postgresql' | 'mysql'): Promise<DatabaseProof[]> {
    if (dumps.length === 0) return [];
    const { host, scratch, signal } = this.ports;
    const available = kind === 'postgresql' ? await postgresForDrill(host) : await mariadbForDrill(host);
    const databases = dumps.filter(({ place }) => place.content === 'database');
    const roles = dumps.filter(({ place }) => place.content === 'roles');
    if (available === null) return this.each([...databases, ...roles], (dump) => this.readOnly(dump));
    const server = await available.start(scratch, Math.max(...dumps.map(({ size }) => size)), signal).catch((thrown: unknown) => {
      const error = asHoldfastError(thrown); // no server, no verdict
      throw isOfTheDrill(error) ? error : new HoldfastError('destination-failed', error.message, { cause: error });
    });
    try {
      for (const dump of roles) await this.loadRoles(server, dump);
      return await this.each(databases, async (dump) => server.load(this.ports.content(dump)));
    } finally {
      await server.close();
    }
  }

  private async loadRoles(server: DumpServer, dump: PlacedDump): Promise<void> {
    await server.roles(this.ports.content(dump));
  }

  /** Into a file in a scratch folder, for tools that need one. */
  private async asFile(dump: PlacedDump, check: (file: string) => Promise<{ tables: number; rows: number } | null>): Promise<{ tables: number; rows: number } | null> {
    const folder = await this.ports.scratch.make({ bytes: dump.size });
    try {
      const file = path.join(folder, 'database');
      await writeTo(file, this.ports.content(dump));
      return await check(file);
    } finally {
      await this.ports.scratch.remove(folder);
    }
  }

  private async readOnly(dump: PlacedDump): Promise<null> {
    await this.ports.content(dump)(() => Promise.resolve());
    return null;
  }

  private async each(dumps: readonly PlacedDump[], work: (dump: PlacedDump) => Promise<{ tables: number; rows: number } | null>): Promise<DatabaseProof[]> {
    const proofs: DatabaseProof[] = [];
    for (const dump of dumps) {
      const name = dumpName(dump.place).slice(0, 5000);
      try {
        const counted = await work(dump);
        proofs.push(counted === null
          ? { name, outcome: 'read', tables: null, rows: null, message: notLoaded(dump.place.kind) }
          : { name, outcome: 'loaded', tables: dump.place.kind === 'redis' ? null : counted.tables, rows: counted.rows, message: null });
      } catch (thrown) {
        const error = asHoldfastError(thrown);
        if (isOfTheDrill(error)) throw error;
        const readable = lacking.test(error.message);
        proofs.push({ name, outcome: readable ? 'read' : 'failed', tables: null, rows: null, message: `${name} did not load into a scratch ${kindName(dump.place.kind)}: ${error.message}`.slice(0, 1000) });
      }
    }
    return proofs;
  }
}

/** Errors that say nothing about the backup. */
export const isOfTheDrill = ({ code }: HoldfastError): boolean =>
  ['cancelled', 'destination-full', 'destination-missing', 'destination-failed', 'repository-locked', 'wrong-password', 'password-missing', 'keychain-locked', 'offline', 'permission-denied', 'policy-refused'].includes(code);

/** @throws HoldfastError `destination-full` where the disk is. */
export async function writeTo(file: string, content: Content): Promise<void> {
  const stream = createWriteStream(file, { flags: 'wx', mode: 0o600 });
  let failure: unknown = null;
  stream.on('error', (error) => { failure = error; });
  try {
    await content(async (piece) => {
      if (failure !== null) throw failure;
      if (!stream.write(piece)) await Promise.race([once(stream, 'drain'), once(stream, 'close')]).catch(() => undefined);
    });
    await new Promise<void>((resolve) => { stream.end(resolve); });
  } catch (error) {
    throw writeFailure(failure ?? error, file);
  } finally {
    stream.destroy();
  }
  if (failure !== null) throw writeFailure(failure, file);
}

function writeFailure(cause: unknown, file: string): unknown {
  if (!(cause instanceof Error) || !('code' in cause) || cause instanceof HoldfastError) return cause;
  if (cause.code === 'ENOSPC' || cause.code === 'EDQUOT') return new HoldfastError('destination-full', `The disk with ${path.dirname(file)} is full. Make room there and try again.`, { cause });
  return new HoldfastError('destination-failed', `${file} could not be written: ${cause.message}.`, { cause });
}
