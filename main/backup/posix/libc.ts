/**
 * The C library's functions that Node does not have: extended attributes, times in nanoseconds, device files, names of users.
 * Called through koffi; where that cannot load, `loadLibc` gives null and callers do what node:fs can.
 */
import { createRequire } from 'node:module';
import { constants } from 'node:os';
import { toBytes, type ByteString } from '../format/text.js';
import { exact, nodeLstat, type Stat } from './stat.js';

type Native = (...args: unknown[]) => number;
interface Koffi {
  load(name: string | null): { func(declaration: string): Native };
  errno(): number;
  decode(value: unknown, offset: number, type: string): unknown;
}

/** An error of the C library, shaped like Node's own. */
export class ErrnoError extends Error {
  readonly code: string;
  constructor(readonly errno: number, call: string, path: Buffer) {
    const code = Object.entries(constants.errno).find(([, value]) => value === errno)?.[0] ?? `errno ${errno}`;
    super(`${code}: ${call} '${path.toString()}'`);
    this.code = code;
  }
}

export interface Libc {
  lstat(path: ByteString): Stat;
  /** Names of the extended attributes, links not followed. Empty where the file system has none. */
  listXattrs(path: ByteString): string[];
  /** Null when it is gone. */
  getXattr(path: Buffer, name: string): Buffer | null;
  setXattr(path: Buffer, name: string, value: Uint8Array): void;
  removeXattr(path: Buffer, name: string): void;
  /** Sets access and modification time, links not followed. */
  setTimes(path: Buffer, atime: { seconds: number; nanos: number }, mtime: { seconds: number; nanos: number }): void;
  mknod(path: Buffer, mode: number, device: number | bigint): void;
  /** Byte string; empty when there is none. */
  userName(uid: number): string;
  groupName(gid: number): string;
}

const { ENOTSUP, EOPNOTSUPP, ENODATA, ERANGE } = constants.errno;
const enoattr = process.platform === 'darwin' ? 93 : ENODATA;

function bindings(koffi: Koffi, darwin: boolean): Libc {
  const lib = koffi.load(darwin ? '/usr/lib/libSystem.B.dylib' : null);
  const nofollow = 1; // XATTR_NOFOLLOW
  const bind = (declaration: string): Native => lib.func(declaration);
  const list = darwin
    ? ((f) => (path: Buffer, out: Buffer | null, size: number) => f(path, out, size, nofollow))(bind('int64_t listxattr(void *path, void *out, size_t size, int options)'))
    : bind('int64_t llistxattr(void *path, void *out, size_t size)');
  const get = darwin
    ? ((f) => (path: Buffer, name: Buffer, out: Buffer | null, size: number) => f(path, name, out, size, 0, nofollow))(bind('int64_t getxattr(void *path, void *name, void *out, size_t size, uint32_t position, int options)'))
    : bind('int64_t lgetxattr(void *path, void *name, void *out, size_t size)');
  const set = darwin
    ? ((f) => (path: Buffer, name: Buffer, value: Uint8Array, size: number) => f(path, name, value, size, 0, nofollow))(bind('int setxattr(void *path, void *name, void *value, size_t size, uint32_t position, int options)'))
    : ((f) => (path: Buffer, name: Buffer, value: Uint8Array, size: number) => f(path, name, value, size, 0))(bind('int lsetxattr(void *path, void *name, void *value, size_t size, int flags)'));
  const remove = darwin
    ? ((f) => (path: Buffer, name: Buffer) => f(path, name, nofollow))(bind('int removexattr(void *path, void *name, int options)'))
    : bind('int lremovexattr(void *path, void *name)');
  const utimensat = bind('int utimensat(int folder, void *path, void *times, int flags)');
  const mknod = bind(darwin ? 'int mknod(void *path, uint16_t mode, int32_t device)' : 'int mknod(void *path, uint32_t mode, uint64_t device)');
  const passwd = bind('int getpwuid_r(uint32_t uid, void *record, void *buffer, size_t size, void *result)');
  const group = bind('int getgrgid_r(uint32_t gid, void *record, void *buffer, size_t size, void *result)');
  const atFdcwd = darwin ? -2 : -100;
  const noFollowFlag = darwin ? 0x20 : 0x100;

  let room = Buffer.alloc(65536);
  const pathInRoom = pathRoom();
  const times = Buffer.alloc(32);
  const fail = (call: string, path: Buffer): never => { throw new ErrnoError(koffi.errno(), call, path); };
  const unsupported = (errno: number): boolean => errno === ENOTSUP || errno === EOPNOTSUPP || errno === enoattr;

  function name(lookup: Native, id: number): string {
    const record = Buffer.alloc(128);
    const buffer = Buffer.alloc(16384);
    const result = Buffer.alloc(8);
    if (lookup(id, record, buffer, buffer.length, result) !== 0 || result.readBigUInt64LE() === 0n) return '';
    // the first field of both records is the name, a pointer into `buffer`, which starts with it or holds it somewhere
    const text = koffi.decode(record, 0, 'str');
    return typeof text === 'string' ? Buffer.from(text, 'utf8').toString('latin1') : '';
  }

  return {
    lstat: darwin ? (path) => nodeLstat(toBytes(path)) : linuxLstat(bind('int statx(int folder, void *path, int flags, uint32_t mask, void *out)'), fail, pathInRoom),
    listXattrs(path) {
      const c = pathInRoom(path);
      let size = list(c, room, room.length);
      if (size < 0 && koffi.errno() === ERANGE) {
        room = Buffer.alloc(Math.max(list(c, null, 0), room.length) + 65536);
        size = list(c, room, room.length);
      }
      if (size === 0) return [];
      if (size < 0) return unsupported(koffi.errno()) ? [] : fail('llistxattr', toBytes(path));
      return room.toString('latin1', 0, size - 1).split('\0');
    },
    getXattr(path, attribute) {
      const c = terminated(path);
      const n = terminated(Buffer.from(attribute, 'latin1'));
      let size = get(c, n, room, room.length);
      if (size < 0 && koffi.errno() === ERANGE) {
        room = Buffer.alloc(Math.max(get(c, n, null, 0), room.length) + 65536);
        size = get(c, n, room, room.length);
      }
      if (size < 0) return unsupported(koffi.errno()) ? null : fail('lgetxattr', path);
      return Buffer.from(room.subarray(0, size));
    },
    setXattr(path, attribute, value) {
      if (set(terminated(path), terminated(Buffer.from(attribute, 'latin1')), value, value.length) !== 0) fail('lsetxattr', path);
    },
    removeXattr(path, attribute) {
      if (remove(terminated(path), terminated(Buffer.from(attribute, 'latin1'))) !== 0) fail('lremovexattr', path);
    },
    setTimes(path, atime, mtime) {
      times.writeBigInt64LE(BigInt(atime.seconds), 0);
      times.writeBigInt64LE(BigInt(atime.nanos), 8);
      times.writeBigInt64LE(BigInt(mtime.seconds), 16);
      times.writeBigInt64LE(BigInt(mtime.nanos), 24);
      if (utimensat(atFdcwd, terminated(path), times, noFollowFlag) !== 0) fail('utimensat', path);
    },
    mknod(path, mode, device) {
      if (mknod(terminated(path), mode, device) !== 0) fail('mknod', path);
    },
    userName: (uid) => name(passwd, uid),
    groupName: (gid) => name(group, gid),
  };
}

function terminated(path: Buffer): Buffer {
  const c = Buffer.allocUnsafe(path.length + 1);
  c.set(path, 0);
  c[path.length] = 0;
  return c;
}

/** One buffer for all paths that are used at once: of some there is one for every file. */
function pathRoom(): (path: ByteString) => Buffer {
  const room = Buffer.alloc(4096);
  return (path) => {
    if (path.length >= room.length) return terminated(toBytes(path));
    room[room.write(path, 'latin1')] = 0;
    return room;
  };
}

/** statx has one layout on every architecture (facts: linux/stat.h). */
function linuxLstat(statx: Native, fail: (call: string, path: Buffer) => never, pathInRoom: (path: ByteString) => Buffer): (path: ByteString) => Stat {
  const atFdcwd = -100;
  const flags = 0x100 | 0x800; // AT_SYMLINK_NOFOLLOW, AT_NO_AUTOMOUNT
  const basicStats = 0x7ff;
  const out = Buffer.alloc(256);
  const view = new DataView(out.buffer, out.byteOffset, 256);
  const little = true;
  const u64 = (at: number): number | bigint => {
    const high = view.getUint32(at + 4, little);
    return high < 0x200000 ? high * 0x100000000 + view.getUint32(at, little) : exact(view.getBigUint64(at, little));
  };
  const time = (at: number): { seconds: number; nanos: number } => ({
    seconds: view.getInt32(at + 4, little) * 0x100000000 + view.getUint32(at, little), nanos: view.getUint32(at + 8, little),
  });
  const device = (at: number): number => {
    const major = view.getUint32(at, little);
    const minor = view.getUint32(at + 4, little);
    return (minor & 0xff) + (major & 0xfff) * 0x100 + Math.floor(minor / 0x100) * 0x100000 + Math.floor(major / 0x1000) * 0x100000000000;
  };
  return (path) => {
    if (statx(atFdcwd, pathInRoom(path), flags, basicStats, out) !== 0) fail('statx', toBytes(path));
    return {
      mode: view.getUint16(28, little), uid: view.getUint32(20, little), gid: view.getUint32(24, little), nlink: view.getUint32(16, little),
      size: Number(u64(40)), ino: u64(32), dev: device(136), rdev: device(128),
      atime: time(64), ctime: time(96), mtime: time(112),
    };
  };
}

/** @returns null where koffi has no binary for this system or the library lacks a function */
export function loadLibc(): Libc | null {
  if (process.platform !== 'linux' && process.platform !== 'darwin') return null;
  try {
    return bindings(createRequire(import.meta.url)('koffi') as Koffi, process.platform === 'darwin');
  } catch {
    return null;
  }
}
