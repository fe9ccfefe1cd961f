/** Metadata of files, read and written as exactly as this computer allows. One instance per thread. */
import { lchownSync, lutimesSync, readlinkSync } from 'node:fs';
import { toMillis, type Time } from '../format/time.js';
import { toBytes, type ByteString } from '../format/text.js';
import type { ExtendedAttribute } from '../format/node.js';
import { loadLibc, type Libc } from './libc.js';
import { nodeLstat, type Stat } from './stat.js';

export class Files {
  private readonly users = new Map<number, ByteString>();
  private readonly groups = new Map<number, ByteString>();

  constructor(private readonly libc: Libc | null = loadLibc()) {}

  /** False where extended attributes and device files cannot be handled. */
  get complete(): boolean {
    return this.libc !== null;
  }

  lstat(path: ByteString): Stat {
    return this.libc ? this.libc.lstat(path) : nodeLstat(toBytes(path));
  }

  readlink(path: ByteString): ByteString {
    return readlinkSync(toBytes(path), { encoding: 'latin1' });
  }

  xattrs(path: ByteString): ExtendedAttribute[] {
    if (!this.libc) return [];
    const names = this.libc.listXattrs(path);
    if (names.length === 0) return [];
    const bytes = toBytes(path);
    const found: ExtendedAttribute[] = [];
    for (const name of names) {
      const value = this.libc.getXattr(bytes, name);
      if (value) found.push({ name, value });
    }
    return found;
  }

  /** Sets these and removes all others. */
  setXattrs(path: ByteString, wanted: readonly ExtendedAttribute[], remove: boolean): void {
    if (!this.libc) return;
    const bytes = toBytes(path);
    for (const { name, value } of wanted) this.libc.setXattr(bytes, name, value);
    if (!remove) return;
    for (const name of this.libc.listXattrs(path)) {
      if (!wanted.some((attribute) => attribute.name === name)) this.libc.removeXattr(bytes, name);
    }
  }

  setTimes(path: ByteString, atime: Time, mtime: Time): void {
    if (this.libc) this.libc.setTimes(toBytes(path), atime, mtime);
    else lutimesSync(toBytes(path), toMillis(atime) / 1000, toMillis(mtime) / 1000);
  }

  chown(path: ByteString, uid: number, gid: number): void {
    lchownSync(toBytes(path), uid, gid);
  }

  mknod(path: ByteString, mode: number, device: number | bigint): void {
    if (!this.libc) throw new Error('device files cannot be made on this system');
    this.libc.mknod(toBytes(path), mode, device);
  }

  userName(uid: number): ByteString {
    return this.cached(this.users, uid, (id) => this.libc?.userName(id) ?? '');
  }

  groupName(gid: number): ByteString {
    return this.cached(this.groups, gid, (id) => this.libc?.groupName(id) ?? '');
  }

  private cached(names: Map<number, ByteString>, id: number, lookup: (id: number) => ByteString): ByteString {
    let name = names.get(id);
    if (name === undefined) {
      name = lookup(id);
      names.set(id, name);
    }
    return name;
  }
}
