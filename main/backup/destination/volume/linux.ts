/** Volumes on Linux: mountinfo says what is mounted where, /dev/disk/by-uuid which file system a device holds. */
import { execFile } from 'node:child_process';
import { readdir, readFile, readlink, realpath } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { HoldfastError } from '../../../shared/errors.js';
import { isNetwork, mountOf, parseMountinfo, type Mount } from './mounts.js';
import type { Volume, VolumeSource } from './volumes.js';

const run = promisify(execFile);
const commandLimit = 60_000; // ms; unmounting writes everything that is still in memory

export interface LinuxPlaces {
  readonly mountinfo: string;
  readonly byUuid: string;
  readonly fstab: string;
  /** Sources below this folder are devices. */
  readonly devices: string;
}
const usual: LinuxPlaces = { mountinfo: '/proc/self/mountinfo', byUuid: '/dev/disk/by-uuid', fstab: '/etc/fstab', devices: '/dev' };

export class LinuxVolumes implements VolumeSource {
  constructor(private readonly places: LinuxPlaces = usual) {}

  async of(path: string): Promise<Volume> {
    const mounts = await this.mounts();
    const mount = mountOf(await nearestReal(resolve(path)), mounts);
    // In a chroot whose root is an ordinary folder no mount is named for it: it belongs to the system, and nobody unplugs it.
    if (!mount) return { id: null, mountPoint: '/', kind: 'other', type: '', readOnly: false, system: true };
    const kind = isNetwork(mount.type) ? 'network' : this.isDevice(mount) ? 'disk' : 'other';
    const root = mountOf('/', mounts);
    const system = mount.mountPoint === '/' || (kind === 'disk' && mount.source === root?.source);
    const uuid = kind === 'disk' ? await this.uuidOf(mount.source) : null;
    return { id: uuid, mountPoint: mount.mountPoint, kind, type: mount.type, readOnly: mount.readOnly, system };
  }

  async mountPointOf(id: string): Promise<string | null> {
    return (await this.mountOfId(id))?.mountPoint ?? null;
  }

  async configured(): Promise<readonly string[]> {
    const text = await readFile(this.places.fstab, 'utf8').catch(() => '');
    const points = text.split('\n').map((line) => line.trim()).filter((line) => line !== '' && !line.startsWith('#')).map((line) => line.split(/\s+/)[1] ?? '');
    const mounted = new Set((await this.mounts()).map(({ mountPoint }) => mountPoint));
    return points.map((point) => point.replaceAll('\\040', ' ')).filter((point) => point.startsWith('/') && !mounted.has(point));
  }

  fingerprint(): Promise<string> {
    return readFile(this.places.mountinfo, 'utf8');
  }

  async eject(id: string): Promise<void> {
    const mount = await this.mountOfId(id);
    if (!mount) return; // away already
    try {
      // udisks lets a normal user do it; without a desktop there is umount
      await run('udisksctl', ['unmount', '--no-user-interaction', '-b', mount.source], { timeout: commandLimit })
        .catch(() => run('umount', [mount.mountPoint], { timeout: commandLimit }));
    } catch (error) {
      throw new HoldfastError('destination-failed', `The disk at ${mount.mountPoint} is in use and stays mounted. Close what uses it and try again.`, { cause: error });
    }
    await run('udisksctl', ['power-off', '--no-user-interaction', '-b', mount.source], { timeout: commandLimit }).catch(() => undefined); // a disk that cannot is safe to pull as well
  }

  private isDevice({ source }: Mount): boolean {
    return source.startsWith(`${this.places.devices}/`);
  }

  private async mounts(): Promise<Mount[]> {
    return parseMountinfo(await readFile(this.places.mountinfo, 'utf8'));
  }

  /** Of several mounts of one file system the first that shows all of it. */
  private async mountOfId(id: string): Promise<Mount | null> {
    const device = await this.deviceOf(id);
    if (device === null) return null;
    const mounts = await this.mounts();
    const real = await Promise.all(mounts.map(async (mount) => ({ mount, device: this.isDevice(mount) ? await realpath(mount.source).catch(() => mount.source) : '' })));
    const those = real.filter((found) => found.device === device).map(({ mount }) => mount);
    return those.find(({ root }) => root === '/') ?? those[0] ?? null;
  }

  private async uuidOf(source: string): Promise<string | null> {
    const device = await realpath(source).catch(() => source);
    for (const uuid of await readdir(this.places.byUuid).catch(() => [])) {
      if ((await this.deviceOf(uuid)) === device) return uuid;
    }
    return null;
  }

  private async deviceOf(uuid: string): Promise<string | null> {
    if (uuid === '' || uuid.includes('/')) return null;
    const link = await readlink(join(this.places.byUuid, uuid)).catch(() => null);
    return link === null ? null : resolve(this.places.byUuid, link);
  }
}

/** The path with its links resolved, as far as it exists. */
async function nearestReal(path: string): Promise<string> {
  const rest: string[] = [];
  for (let at = path; ; at = resolve(at, '..')) {
    const real = await realpath(at).catch(() => null);
    if (real !== null) return join(real, ...rest);
    rest.unshift(at.slice(at.lastIndexOf('/') + 1));
  }
}
