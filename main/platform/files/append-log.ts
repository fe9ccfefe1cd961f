/**
 * Lines appended to a file that survive a crash and a power cut. Each line carries its own checksum:
 *
 *   <first 16 hex digits of SHA-256 of the text> <text>\n
 *
 * A tail that a crash tore off, or that a power cut filled with zeros, is cut off on opening. A damaged line in the middle is
 * left out, and the damaged file is kept beside the log.
 */
import { createHash } from 'node:crypto';
import { copyFile, open, readFile, type FileHandle } from 'node:fs/promises';
import path from 'node:path';
import type { AppendLog } from '../../agent/ports.js';
import { HoldfastError } from '../../shared/errors.js';
import { syncFolder, writeFileAtomic } from './atomic.js';
import { fileError, systemCode } from './errors.js';

const checksum = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, 16);

const encode = (line: string): string => `${checksum(line)} ${line}\n`;

/** What a file holds: whole lines, where they end in bytes, and whether something else stands between them. */
interface Contents {
  readonly lines: string[];
  readonly end: number;
  readonly damaged: boolean;
}

function decode(bytes: Buffer): Contents {
  const lines: string[] = [];
  let end = 0;
  let bad = false;
  let damaged = false;
  for (let start = 0; start < bytes.length;) {
    const newline = bytes.indexOf(0x0a, start);
    if (newline === -1) break;
    const text = bytes.toString('utf8', start, newline);
    const line = text.slice(17);
    if (text[16] === ' ' && text.startsWith(checksum(line))) {
      lines.push(line);
      damaged ||= bad; // a good line after a bad one: not just a torn tail
      end = newline + 1;
    } else {
      bad = true;
    }
    start = newline + 1;
  }
  return { lines, end, damaged };
}

export interface AppendLogOptions {
  /** Told of lines that could not be read; the sentence names the copy of the damaged file. */
  readonly onDamage?: (message: string) => void;
}

/** Opens the log, or makes it (0600) in an existing folder. One process at a time. @throws HoldfastError when the file cannot be read or written. */
export async function openAppendLog(file: string, options: AppendLogOptions = {}): Promise<AppendLog> {
  try {
    const bytes = await readFile(file).catch((error: unknown) => {
      if (systemCode(error) === 'ENOENT') return null;
      throw error;
    });
    const { lines, end, damaged } = decode(bytes ?? Buffer.alloc(0));
    if (damaged) {
      const copy = `${file}.damaged-${Date.now()}`;
      await copyFile(file, copy);
      await writeFileAtomic(file, lines.map(encode).join(''));
      options.onDamage?.(`Some lines of ${file} were damaged and are left out. The damaged file is kept as ${copy}.`);
      return new FileLog(file, await open(file, 'r+'), lines, Buffer.byteLength(lines.map(encode).join('')));
    }
    const handle = await open(file, bytes === null ? 'wx+' : 'r+', 0o600);
    if (bytes === null) await syncFolder(path.dirname(file));
    else if (end < bytes.length) await handle.truncate(end);
    return new FileLog(file, handle, lines, end);
  } catch (cause) {
    throw fileError(`open ${file}`, cause);
  }
}

interface Pending {
  readonly text: string;
  readonly sync: boolean;
  resolve(): void;
  reject(error: unknown): void;
}

class FileLog implements AppendLog {
  /** Lines that wait for the next write; null when none is planned. */
  private batch: Pending[] | null = null;
  private working: Promise<void> = Promise.resolve();
  private closed = false;

  constructor(
    private readonly file: string,
    private handle: FileHandle,
    readonly initial: readonly string[],
    /** Bytes of whole lines; the next one goes here, also over the remains of a write that failed. */
    private size: number,
  ) {}

  append(line: string, { sync }: { sync: boolean }): Promise<void> {
    if (line.includes('\n')) return Promise.reject(new HoldfastError('internal', 'A line of a log must not hold a line break.'));
    if (this.closed) return Promise.reject(this.isClosed());
    return new Promise((resolve, reject) => {
      const waiting: Pending = { text: encode(line), sync, resolve, reject };
      if (this.batch !== null) {
        this.batch.push(waiting);
        return;
      }
      // All lines that come until the write begins share one write and one sync.
      const batch = [waiting];
      this.batch = batch;
      void this.next(() => this.flush(batch));
    });
  }

  rewrite(lines: readonly string[]): Promise<void> {
    if (this.closed) return Promise.reject(this.isClosed());
    this.batch = null; // lines appended from here on come after it
    return this.next(async () => {
      const text = lines.map(encode).join('');
      await writeFileAtomic(this.file, text);
      const handle = await open(this.file, 'r+').catch((cause: unknown) => { throw fileError(`open ${this.file}`, cause); });
      await this.handle.close().catch(() => undefined);
      this.handle = handle;
      this.size = Buffer.byteLength(text);
    });
  }

  async close(): Promise<void> {
    if (this.closed) return;
    this.closed = true;
    await this.next(() => this.handle.close());
  }

  /** One step after the other, whatever became of the step before. */
  private next(step: () => Promise<void>): Promise<void> {
    const done = this.working.then(step);
    this.working = done.catch(() => undefined);
    return done;
  }

  /** Never rejects: each line's own promise says what became of it. */
  private async flush(batch: readonly Pending[]): Promise<void> {
    if (this.batch === batch) this.batch = null;
    try {
      const bytes = Buffer.from(batch.map(({ text }) => text).join(''));
      for (let done = 0; done < bytes.length;) {
        done += (await this.handle.write(bytes, done, bytes.length - done, this.size + done)).bytesWritten;
      }
      if (batch.some(({ sync }) => sync)) await this.handle.datasync();
      this.size += bytes.length;
      for (const { resolve } of batch) resolve();
    } catch (cause) {
      await this.handle.truncate(this.size).catch(() => undefined);
      const error = fileError(`write ${this.file}`, cause);
      for (const { reject } of batch) reject(error);
    }
  }

  private isClosed(): HoldfastError {
    return new HoldfastError('internal', `${this.file} is closed.`);
  }
}
