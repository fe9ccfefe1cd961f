/** What is mounted where, read from the kernel's own table. Source: proc(5), "/proc/[pid]/mountinfo". */

export interface Mount {
  readonly mountPoint: string;
  /** `/dev/sdb1`, `nas:/volume1`, `tmpfs`. */
  readonly source: string;
  /** `ext4`, `nfs4`, `fuse.sshfs`. */
  readonly type: string;
  /** Folder of the file system that is mounted: not `/` for bind mounts and subvolumes. */
  readonly root: string;
  readonly readOnly: boolean;
}

export function parseMountinfo(text: string): Mount[] {
  const mounts: Mount[] = [];
  for (const line of text.split('\n')) {
    const [before = '', after] = line.split(' - ');
    if (after === undefined) continue;
    const [, , , root = '', mountPoint = '', options = ''] = before.split(' ');
    const [type = '', source = '', superOptions = ''] = after.split(' ');
    const readOnly = [options, superOptions].some((list) => list.split(',').includes('ro'));
    mounts.push({ mountPoint: unescape(mountPoint), source: unescape(source), type, root: unescape(root), readOnly });
  }
  return mounts;
}

/** The mount that holds an absolute path: of nested ones the innermost, of stacked ones the last. */
export function mountOf(path: string, mounts: readonly Mount[]): Mount | null {
  let best: Mount | null = null;
  for (const mount of mounts) {
    if (isInside(path, mount.mountPoint) && (best === null || mount.mountPoint.length >= best.mountPoint.length)) best = mount;
  }
  return best;
}

export function isInside(path: string, folder: string): boolean {
  return folder === '/' || path === folder || path.startsWith(`${folder}/`);
}

const networkTypes = /^(nfs4?|cifs|smb3|smbfs|afpfs|webdav|davfs2?|ceph|glusterfs|9p|afs|ncpfs|fuse\.(sshfs|rclone|davfs2?|s3fs|glusterfs|curlftpfs|gvfsd-fuse|google-drive-ocamlfuse))$/;

/** File systems of other computers: they come and go with the network, and keep other promises on syncing. */
export function isNetwork(type: string): boolean {
  return networkTypes.test(type);
}

/** Spaces and the like are written as `\040`. */
function unescape(text: string): string {
  return text.replace(/\\([0-7]{3})/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 8)));
}
