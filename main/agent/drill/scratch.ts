/**
 * Folders for what a drill restores: private, on a disk with room, and gone afterwards. Each is written down before it is
 * made, so that what a killed agent left is found and removed at the next start, with the servers that still run in it.
 */
import { chmod, chown, mkdir, readdir, readFile, rm, stat, statfs } from 'node:fs/promises';
import { execFile } from 'node:child_process';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { z } from 'zod';
import { HoldfastError } from '../../shared/errors.js';
import { bytesText } from '../../shared/text.js';
import type { Document, Logger } from '../ports.js';

/** Folders of drills that were made and may still be there. */
export const scratchRegisterSchema = z.object({ folders: z.array(z.string().startsWith('/')).default([]) });
export type ScratchRegister = z.infer<typeof scratchRegisterSchema>;
export const emptyScratchRegister: ScratchRegister = { folders: [] };

export interface ScratchPorts {
  readonly register: Document<ScratchRegister>;
  /** Where folders may be made, best first. Made when missing. */
  readonly places: readonly string[];
  /** The same for folders that another user of this computer must be able to reach. */
  readonly sharedPlaces: readonly string[];
  readonly logger: Logger;
}

export interface ScratchNeed {
  /** What will be written, bytes. */
  readonly bytes: number;
  /** Give the folder to this user, who runs a scratch server in it. */
  readonly owner?: { readonly uid: number; readonly gid: number } | undefined;
  /** Sockets are made in it, whose paths must be short. */
  readonly sockets?: boolean;
}

const prefix = 'holdfast-drill-';
/** Left free beside what is written, bytes. */
const spare = 64 * 1024 * 1024;
/** A socket's path has at most 103 bytes on macOS and 107 on Linux; this leaves room for a name in the folder. */
const longestForSockets = 80;

export class ScratchFolders {
  constructor(private readonly ports: ScratchPorts) {}

  /** Removes what an agent left that was killed. Nothing else is touched: only folders that were written down and bear our name. */
  async removeLeftovers(): Promise<void> {
    const { folders } = this.ports.register.read();
    for (const folder of folders) {
      try {
        await this.remove(folder);
        this.ports.logger.log('info', `Removed what an interrupted restore drill left in ${folder}`);
      } catch (error) {
        this.ports.logger.log('warn', `What an interrupted restore drill left in ${folder} could not be removed: ${error instanceof Error ? error.message : String(error)}`);
      }
    }
  }

  /**
   * A new empty folder that only its owner can enter.
   * @throws HoldfastError `destination-full` where no place has room.
   */
  async make({ bytes, owner, sockets = false }: ScratchNeed): Promise<string> {
    for (const place of owner === undefined ? this.ports.places : this.ports.sharedPlaces) {
      if (sockets && Buffer.byteLength(place) + prefix.length + 7 > longestForSockets) continue;
      if (owner !== undefined && !(await mayPass(place))) continue;
      if (!(await hasRoom(place, bytes + spare))) continue;
      const name = path.join(place, `${prefix}${randomName()}`);
      await this.remember([...this.ports.register.read().folders, name]);
      await mkdir(name, { mode: 0o700 });
      if (owner !== undefined) await chown(name, owner.uid, owner.gid);
      return name;
    }
    throw new HoldfastError('destination-full', `The drill needs ${bytesText(bytes + spare)} of free space for a moment, and no folder for temporary files has that much. Make room, or set TMPDIR to a folder on a larger disk.`);
  }

  /** Ends what runs in it and removes it. */
  async remove(folder: string): Promise<void> {
    if (path.basename(folder).startsWith(prefix)) {
      await endProcessesIn(folder);
      await rm(folder, { recursive: true, force: true, maxRetries: 3 }).catch(async () => {
        await makeRemovable(folder);
        await rm(folder, { recursive: true, force: true, maxRetries: 3 });
      });
    }
    await this.remember(this.ports.register.read().folders.filter((other) => other !== folder));
  }

  private async remember(folders: readonly string[]): Promise<void> {
    await this.ports.register.write({ folders: [...folders] });
  }
}

const randomName = (): string => Array.from(crypto.getRandomValues(new Uint8Array(6)), (byte) => 'abcdefghijklmnopqrstuvwxyz234567'.charAt(byte & 31)).join('');

/** May every user go through all folders on the way? */
async function mayPass(place: string): Promise<boolean> {
  for (let folder = path.resolve(place); ; folder = path.dirname(folder)) {
    const found = await stat(folder).catch(() => null);
    if (found === null || (found.mode & 0o001) === 0) return false;
    if (folder === path.dirname(folder)) return true;
  }
}

async function hasRoom(place: string, bytes: number): Promise<boolean> {
  try {
    await mkdir(place, { recursive: true });
    const { bavail, bsize } = await statfs(place);
    return bavail * bsize >= bytes;
  } catch {
    return false; // another place may do
  }
}

/** Restored folders may lack the right to change them. */
async function makeRemovable(folder: string): Promise<void> {
  await chmod(folder, 0o700);
  for (const entry of await readdir(folder, { withFileTypes: true })) if (entry.isDirectory()) await makeRemovable(path.join(folder, entry.name));
}

/** Scratch servers name their folder in their arguments, and nothing else has its random name. */
async function endProcessesIn(folder: string): Promise<void> {
  for (let attempt = 0; attempt < 100; attempt += 1) {
    const found = (await processes()).filter(({ pid, command }) => pid !== process.pid && command.includes(folder));
    if (found.length === 0) return;
    for (const { pid } of found) {
      try {
        process.kill(pid, 'SIGKILL');
      } catch {
        // it has ended meanwhile
      }
    }
    await sleep(50);
  }
}

async function processes(): Promise<{ pid: number; command: string }[]> {
  const names = await readdir('/proc').catch(() => null);
  if (names !== null) {
    const all = await Promise.all(names.filter((name) => /^\d+$/.test(name)).map(async (name) => ({
      pid: Number(name), command: (await readFile(`/proc/${name}/cmdline`, 'utf8').catch(() => '')).replaceAll('\0', ' '),
    })));
    return all;
  }
  const { stdout } = await promisify(execFile)('/bin/ps', ['-axo', 'pid=,command=']);
  return stdout.split('\n').flatMap((line) => {
    const match = /^\s*(\d+)\s+(.*)$/.exec(line);
    return match === null ? [] : [{ pid: Number(match[1]), command: match[2] ?? '' }];
  });
}

