/** Files that are being written lie aside, in a folder of their own, until they are whole and are renamed. One of these belongs to one connection. */
import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import { posix } from 'node:path';
import { codeOf } from '../local-errors.js';
import type { Channel } from './channel.js';
import { status, statusOf } from './errors.js';
import { makeFolder } from './folders.js';
import { readFolder } from './transfer.js';

const staleAfter = 7 * 24 * 3600; // s

export interface NewFile {
  readonly path: string;
  readonly handle: Buffer;
}

export class Aside {
  private isMade = false;
  /** The file that the next one who saves will get: opening it costs a round trip, which nobody waits for. */
  private spare: Promise<NewFile> | null = null;

  constructor(private readonly sftp: Channel, private readonly folder: string) {}

  /** An empty new file, open for writing. */
  take(): Promise<NewFile> {
    this.makeOnce();
    const mine = this.spare?.catch(() => this.open()) ?? this.open();
    this.spare = this.open();
    this.spare.catch(() => undefined); // whoever takes it tries again
    return mine;
  }

  /** Clears up. The folder stays while another computer uses it. */
  async end(): Promise<void> {
    if (!this.isMade) return;
    const spare = await this.spare?.catch(() => null);
    if (spare) {
      this.sftp.tell((raw, ignore) => raw.close(spare.handle, ignore));
      this.drop(spare.path);
    }
    await this.sftp.ask((raw, done) => raw.rmdir(this.folder, (error) => done(error, undefined))).catch(() => undefined);
  }

  /** Not waited for: if the connection is gone, the next one finds it. */
  drop(path: string): void {
    this.sftp.tell((raw, ignore) => raw.unlink(path, ignore));
  }

  private async open(): Promise<NewFile> {
    const path = posix.join(this.folder, `holdfast-${hostname()}-${process.pid}-${randomBytes(8).toString('hex')}.tmp`);
    const openNew = (): Promise<Buffer> => this.sftp.ask<Buffer>((raw, done) => raw.open(path, 'wx', 0o400, done));
    const handle = await openNew().catch(async (error: unknown) => {
      if (statusOf(error) !== status.noSuchFile) throw error;
      await makeFolder(this.sftp, this.folder); // another computer has removed it, or this says why it cannot be made
      return openNew();
    });
    return { path, handle };
  }

  /** Not waited for: a server does what it is asked in that order. */
  private makeOnce(): void {
    if (this.isMade) return;
    this.isMade = true;
    this.sftp.ask((raw, done) => raw.mkdir(this.folder, { mode: 0o700 }, (error) => done(error, undefined)))
      .catch(() => this.removeLeftovers()).catch(() => undefined);
  }

  /** Removes what killed processes of this computer left behind, and what is older than a week. */
  private async removeLeftovers(): Promise<void> {
    const mine = `holdfast-${hostname()}-`;
    const found = await readFolder(this.sftp, this.folder);
    // by the server's clock, which has just made a file in here: this computer's may be wrong
    const now = Math.max(...found.map(({ attrs }) => attrs.mtime));
    for (const { filename, attrs } of found) {
      const pid = filename.startsWith(mine) ? Number.parseInt(filename.slice(mine.length), 10) : NaN;
      const isDead = !Number.isNaN(pid) && pid !== process.pid && !isAlive(pid);
      if (attrs.isFile() && (isDead || attrs.mtime < now - staleAfter)) this.drop(posix.join(this.folder, filename));
    }
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return codeOf(error) === 'EPERM';
  }
}
