/** Attached disks, and on which disk a folder lies. */
import { access, constants, readdir, readFile, readlink, stat, statfs } from 'node:fs/promises';
import path from 'node:path';

export interface Mount {
  readonly path: string;
  readonly name: string;
}

/** Where Linux desktops mount what a person plugs in or connects. */
const mountRoots = ['/media/', '/run/media/', '/mnt/'];

/** Mount points of attached disks in the text of /proc/self/mounts, whose fields escape blanks as octal (fstab(5)). */
export function attachedMounts(mounts: string): Mount[] {
  return mounts.split('\n').flatMap((line) => {
    const field = line.split(' ')[1];
    if (field === undefined) return [];
    const mountPoint = field.replace(/\\([0-7]{3})/g, (_all, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));
    return mountRoots.some((root) => mountPoint.startsWith(root)) ? [{ path: mountPoint, name: path.basename(mountPoint) }] : [];
  });
}

/** Attached disks this user may write to. */
export async function attachedDisks(platform: NodeJS.Platform): Promise<Mount[]> {
  const mounts = platform === 'darwin' ? await volumes() : attachedMounts(await readFile('/proc/self/mounts', 'utf8').catch(() => ''));
  const writable = await Promise.all(mounts.map(async (mount) => {
    const allowed = await access(mount.path, constants.W_OK).then(() => true, () => false);
    return allowed ? [mount] : [];
  }));
  return writable.flat();
}

/** macOS lists the start-up disk as a symlink among its volumes. */
async function volumes(): Promise<Mount[]> {
  const entries = await readdir('/Volumes', { withFileTypes: true }).catch(() => []);
  return entries.filter((entry) => entry.isDirectory()).map((entry) => ({ path: path.join('/Volumes', entry.name), name: entry.name }));
}

/** The nearest folder above that exists; the path itself if it does. */
export async function nearestExisting(folder: string): Promise<string> {
  for (let at = folder; ; at = path.dirname(at)) {
    if (await stat(at).then(() => true, () => false)) return at;
    if (at === path.dirname(at)) return at;
  }
}

/** Bytes a user may still write where `folder` is or would be; null when the system does not say. */
export async function freeBytes(folder: string): Promise<number | null> {
  const info = await statfs(await nearestExisting(folder)).catch(() => null);
  return info === null ? null : info.bavail * info.bsize;
}

/**
 * Names of the physical disks under a folder, or one name for its file system where the kernel does not tell. Two partitions of
 * one disk, or an encrypted volume on it, are the same disk: it fails as a whole.
 */
export async function disksUnder(folder: string): Promise<Set<string>> {
  const { dev } = await stat(await nearestExisting(folder));
  const major = Math.floor(dev / 256) & 0xfff;
  const minor = (dev & 0xff) | (Math.floor(dev / 4096) & 0xfff00);
  const link = await readlink(`/sys/dev/block/${major}:${minor}`).catch(() => null);
  if (link === null) return new Set([`file system ${dev}`]);
  return wholeDisks(path.resolve('/sys/dev/block', link));
}

/** @param device a block device in sysfs: a disk, a partition (a folder inside its disk's), or one made of others (`slaves`). */
async function wholeDisks(device: string): Promise<Set<string>> {
  const parts = await readdir(path.join(device, 'slaves')).catch(() => [] as string[]);
  if (parts.length > 0) {
    const under = await Promise.all(parts.map(async (part) => {
      const link = await readlink(path.join('/sys/class/block', part)).catch(() => null);
      return link === null ? new Set([part]) : wholeDisks(path.resolve('/sys/class/block', link));
    }));
    return new Set(under.flatMap((names) => [...names]));
  }
  const isPartition = await stat(path.join(device, 'partition')).then(() => true, () => false);
  return new Set([path.basename(isPartition ? path.dirname(device) : device)]);
}
