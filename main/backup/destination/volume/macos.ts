/** Volumes on macOS, asked of diskutil. Source: diskutil(8). */
import { execFile } from 'node:child_process';
import { readdir, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { promisify } from 'node:util';
import { HoldfastError } from '../../../shared/errors.js';
import { isNetwork } from './mounts.js';
import type { Volume, VolumeSource } from './volumes.js';

const run = promisify(execFile);
const commandLimit = 60_000; // ms

/** Runs a program and gives its output. */
export type Command = (program: string, args: readonly string[]) => Promise<string>;
const realCommand: Command = async (program, args) => (await run(program, [...args], { timeout: commandLimit, maxBuffer: 16 * 2 ** 20 })).stdout;

export class MacVolumes implements VolumeSource {
  constructor(private readonly command: Command = realCommand) {}

  async of(path: string): Promise<Volume> {
    let at = path;
    while (at !== '/' && !(await stat(at).then(() => true, () => false))) at = dirname(at);
    const mountPoint = mountPointFrom(await this.command('/bin/df', ['-P', at]));
    const type = typeFrom(await this.command('/sbin/mount', []), mountPoint);
    if (isNetwork(type)) return { id: null, mountPoint, kind: 'network', type, readOnly: false, system: false };
    const info = await this.info(mountPoint);
    if (!info) return { id: null, mountPoint, kind: 'other', type, readOnly: false, system: mountPoint === '/' };
    return {
      id: info.text('VolumeUUID'), mountPoint, kind: 'disk', type, readOnly: info.flag('WritableVolume') === false,
      system: mountPoint === '/' || mountPoint.startsWith('/System/'),
    };
  }

  async mountPointOf(id: string): Promise<string | null> {
    if (!/^[0-9A-F-]{36}$/i.test(id)) return null;
    const point = (await this.info(id))?.text('MountPoint') ?? '';
    return point === '' ? null : point;
  }

  configured(): Promise<readonly string[]> {
    return Promise.resolve([]); // /Volumes itself has a folder only while a disk is mounted there
  }

  async fingerprint(): Promise<string> {
    return (await readdir('/Volumes')).sort().join('\n');
  }

  async eject(id: string): Promise<void> {
    const mountPoint = await this.mountPointOf(id);
    if (mountPoint === null) return;
    await this.command('/usr/sbin/diskutil', ['eject', mountPoint]).catch((error: unknown) => {
      throw new HoldfastError('destination-failed', `The disk at ${mountPoint} is in use and stays mounted. Close what uses it and try again.`, { cause: error });
    });
  }

  private async info(what: string): Promise<Plist | null> {
    return this.command('/usr/sbin/diskutil', ['info', '-plist', what]).then((text) => new Plist(text), () => null);
  }
}

/** The flat property list that `diskutil info` prints: texts and flags by key. */
export class Plist {
  constructor(private readonly xml: string) {}

  text(key: string): string | null {
    const value = new RegExp(`<key>${key}</key>\\s*<string>([^<]*)</string>`).exec(this.xml)?.[1];
    return value === undefined ? null : value.replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&quot;', '"').replaceAll('&apos;', '\'').replaceAll('&amp;', '&');
  }

  flag(key: string): boolean | null {
    const value = new RegExp(`<key>${key}</key>\\s*<(true|false)/>`).exec(this.xml)?.[1];
    return value === undefined ? null : value === 'true';
  }
}

/** The last column of `df -P`, which may hold spaces. */
export function mountPointFrom(output: string): string {
  const line = output.trim().split('\n').at(-1) ?? '';
  return /\s\d+%\s+(\/.*)$/.exec(line)?.[1] ?? '/';
}

/** From lines such as `//anna@nas/backup on /Volumes/backup (smbfs, nodev, nosuid)`. */
export function typeFrom(output: string, mountPoint: string): string {
  for (const line of output.split('\n')) {
    const match = /^.* on (\/.*) \(([^,)]+)/.exec(line);
    if (match?.[1] === mountPoint) return match[2] ?? '';
  }
  return '';
}
