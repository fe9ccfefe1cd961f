/**
 * SQLite through its library: the pages of the database as one reader sees them, while others go on writing. A copy of the file
 * would mix pages of several moments and miss what is still in the write-ahead log.
 */
import { constants } from 'node:fs';
import { access, mkdtemp, open, rm, type FileHandle } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setImmediate as breathe } from 'node:timers/promises';
import { z } from 'zod';
import { HoldfastError } from '../../../shared/errors.js';
import type { SqliteSource } from '../../../shared/sources.js';
import { databasesFolder, dumpMode, type OpenedSource, type SourcePorts } from '../source.js';

/** Bytes read in one go. */
const pieceSize = 1024 * 1024;
/** How long to wait for a writer, ms. */
const patience = 10_000;

const pageRow = z.object({ data: z.instanceof(ArrayBuffer).transform((data) => Buffer.from(data)) });

interface Reader {
  readonly pageSize: number;
  readonly pages: number;
  /** With a write-ahead log a reader holds up nobody. */
  readonly holdsUpWriters: boolean;
  read(from: number, count: number): Uint8Array;
  close(): void;
}

/** Opens the database and fixes the moment that is read. */
async function openReader(file: string): Promise<Reader> {
  const { default: Database } = await import('libsql');
  const database = new Database(file, { readonly: true, timeout: patience });
  try {
    const number = (pragma: string): number => z.number().int().parse(Object.values(z.record(z.string(), z.unknown()).parse(database.prepare(`pragma ${pragma}`).get()))[0]);
    database.exec('begin');
    database.prepare('select count(*) from sqlite_schema').get(); // the first read is the moment
    const mode = z.object({ journal_mode: z.string() }).parse(database.prepare('pragma journal_mode').get()).journal_mode;
    const statement = database.prepare('select data from sqlite_dbpage where pgno between ? and ? order by pgno');
    return {
      pageSize: number('page_size'), pages: number('page_count'), holdsUpWriters: mode !== 'wal',
      read: (from, count) => Buffer.concat(statement.all(from, from + count - 1).map((row) => pageRow.parse(row).data)),
      close: () => {
        database.exec('rollback'); // a closed database keeps its lock for as long as one of its statements is not collected
        database.close();
      },
    };
  } catch (error) {
    database.close();
    throw error;
  }
}

function explain(file: string, cause: unknown): HoldfastError {
  if (cause instanceof HoldfastError) return cause;
  const text = cause instanceof Error ? cause.message : String(cause);
  if (/not a database|encrypted/i.test(text)) return new HoldfastError('source-failed', `${file} is not an SQLite database, or it is encrypted. Back it up as a file instead.`, { cause });
  if (/malformed|corrupt/i.test(text)) return new HoldfastError('source-failed', `${file} is damaged: SQLite cannot read it. Restore it from an older snapshot, or try its .recover command.`, { cause });
  if (/locked|busy/i.test(text)) return new HoldfastError('source-failed', `${file} was locked by a program that writes to it for more than ${patience / 1000} seconds. Run the backup again later.`, { cause, retryable: true });
  if (/unable to open|readonly|permission/i.test(text)) return new HoldfastError('permission-denied', `${file} cannot be opened. Check that you may read it and its folder.`, { cause });
  return new HoldfastError('source-failed', `${file} could not be read: ${text.split('\n')[0] ?? ''}.`, { cause });
}

/** @throws HoldfastError where the file is not there or cannot be read */
export async function openSqlite(source: SqliteSource, ports: SourcePorts): Promise<OpenedSource> {
  const file = path.resolve(source.path);
  await access(file, constants.R_OK).catch((cause: unknown) => {
    const gone = cause instanceof Error && 'code' in cause && cause.code !== 'EACCES';
    throw gone ? new HoldfastError('source-missing', `The database ${file} is not there. Check the path and whether its disk is attached.`, { cause })
      : new HoldfastError('permission-denied', `You may not read the database ${file}. Correct its permissions.`, { cause });
  });
  try {
    (await openReader(file)).close();
  } catch (cause) {
    throw explain(file, cause);
  }
  const ending = new AbortController();
  return {
    folders: [], excludes: [],
    streams: [{
      name: `SQLite database ${file}`, path: `${databasesFolder}/sqlite${file}`, mode: dumpMode, time: new Date(),
      open: (signal) => pagesOf(file, AbortSignal.any([signal, ending.signal]), ports.env['TMPDIR'] ?? tmpdir()),
    }],
    close: () => { ending.abort(); return Promise.resolve(); },
  };
}

async function* pagesOf(file: string, signal: AbortSignal, scratch: string): AsyncGenerator<Uint8Array> {
  let reader: Reader | null = null;
  let copy: FileHandle | null = null;
  try {
    reader = await openReader(file);
    if (!reader.holdsUpWriters) {
      yield* piecesOf(reader, signal);
      return;
    }
    // Writers wait while a rollback-journal database is read, so that must not take as long as an upload.
    copy = await namelessFile(scratch);
    for await (const piece of piecesOf(reader, signal)) await copy.write(piece);
    reader.close();
    reader = null;
    for (let position = 0; ;) {
      signal.throwIfAborted();
      const { bytesRead, buffer } = await copy.read(Buffer.allocUnsafe(pieceSize), 0, pieceSize, position);
      if (bytesRead === 0) return;
      position += bytesRead;
      yield buffer.subarray(0, bytesRead);
    }
  } catch (cause) {
    signal.throwIfAborted();
    throw explain(file, cause);
  } finally {
    reader?.close();
    await copy?.close();
  }
}

async function* piecesOf(reader: Reader, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  const count = Math.max(1, Math.floor(pieceSize / reader.pageSize));
  for (let from = 1; from <= reader.pages; from += count) {
    signal.throwIfAborted();
    const bytes = reader.read(from, Math.min(count, reader.pages - from + 1));
    if (bytes.length !== Math.min(count, reader.pages - from + 1) * reader.pageSize) throw new Error('database disk image is malformed');
    yield bytes;
    await breathe(); // reading is synchronous
  }
}

/** A file that is gone as soon as it is closed, however this program ends. */
async function namelessFile(folder: string): Promise<FileHandle> {
  const holder = await mkdtemp(path.join(folder, 'holdfast-'));
  try {
    return await open(path.join(holder, 'database'), 'wx+', 0o600);
  } finally {
    await rm(holder, { recursive: true, force: true });
  }
}
