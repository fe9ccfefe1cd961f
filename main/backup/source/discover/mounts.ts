/** Where other file systems begin, from the system's own list: asking a dead mount itself would not come back. */
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';

export interface Mounts {
  isMountPoint(folder: string): boolean;
  /** The kind of file system that holds the folder, where it is one of the network or of a program; null for disks. */
  remoteKind(folder: string): string | null;
}

const remote = /^(nfs|cifs|smb|9p|afs|ceph|glusterfs|fuse\.|fuse$|fuseblk\.|autofs|davfs|ncpfs|webdav|macfuse|osxfuse|afpfs)/;

/** `36 35 98:0 /root /mount point options - type source` with octal escapes (proc(5), /proc/pid/mountinfo). */
export function parseMountInfo(text: string): Map<string, string> {
  return new Map(text.split('\n').flatMap((line) => {
    const [before = '', after = ''] = line.split(' - ');
    const point = before.split(' ')[4];
    const plain = point?.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(parseInt(octal, 8)));
    return plain === undefined ? [] : [[plain, after.split(' ')[0] ?? ''] as const];
  }));
}

/** `/dev/disk1s1 on /System/Volumes/Data (apfs, local, journaled)` (mount(8) of macOS). */
export function parseMountOutput(text: string): Map<string, string> {
  return new Map(text.split('\n').flatMap((line) => {
    const match = /^.*? on (\/.*) \(([^,)]+)/.exec(line);
    return match ? [[match[1] ?? '', match[2] ?? ''] as const] : [];
  }));
}

async function table(): Promise<Map<string, string>> {
  if (process.platform === 'linux') return parseMountInfo(await readFile('/proc/self/mountinfo', 'utf8'));
  return parseMountOutput((await promisify(execFile)('/sbin/mount', { timeout: 3000 })).stdout);
}

export async function mountsHere(): Promise<Mounts> {
  const points = await table().catch(() => new Map<string, string>());
  return {
    isMountPoint: (folder) => points.has(folder),
    remoteKind(folder) {
      const holder = [...points.keys()].filter((point) => folder === point || folder.startsWith(point === '/' ? '/' : `${point}/`)).sort((a, b) => b.length - a.length)[0];
      const kind = holder === undefined ? undefined : points.get(holder);
      return kind !== undefined && remote.test(kind) ? kind : null;
    },
  };
}
