/** Writes tar archives in the pax format (facts: POSIX.1-2017 pax, "ustar" header). */
import { unixPermissions } from '../format/mode.js';
import type { Node } from '../format/node.js';
import { isValidUtf8, type ByteString } from '../format/text.js';

const block = 512;
const typeFlags: Partial<Record<Node['type'], string>> = { file: '0', symlink: '2', chardev: '3', dev: '4', dir: '5', fifo: '6' };

function field(header: Buffer, at: number, length: number, value: number): void {
  const text = value.toString(8);
  // what does not fit is in the pax record; readers that know none see a zero
  header.write((text.length < length ? text : '0').padStart(length - 1, '0'), at, 'latin1');
}

function header(name: ByteString, flag: string, size: number, node: Node): Buffer {
  const h = Buffer.alloc(block);
  h.write(name.slice(0, 100), 0, 'latin1');
  field(h, 100, 8, unixPermissions(node.mode));
  field(h, 108, 8, node.uid);
  field(h, 116, 8, node.gid);
  field(h, 124, 12, size);
  field(h, 136, 12, Math.max(0, node.mtime.seconds));
  h.fill(' ', 148, 156);
  h.write(flag, 156, 'latin1');
  h.write(node.linkTarget.slice(0, 100), 157, 'latin1');
  h.write('ustar\x0000', 257, 'latin1');
  h.write(node.user.slice(0, 31), 265, 'latin1');
  h.write(node.group.slice(0, 31), 297, 'latin1');
  if (node.type === 'dev' || node.type === 'chardev') {
    const device = Number(node.device);
    field(h, 329, 8, Math.floor(device / 256) % 4096);
    field(h, 337, 8, (device % 256) + Math.floor(device / 1048576) * 256);
  }
  const sum = h.reduce((total, byte) => total + byte, 0);
  h.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
  return h;
}

function padded(bytes: Buffer): Buffer {
  const rest = bytes.length % block;
  return rest === 0 ? bytes : Buffer.concat([bytes, Buffer.alloc(block - rest)]);
}

function record(key: string, value: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(` ${key}=`), value, Buffer.from('\n')]);
  let length = body.length + 1;
  while (String(length).length + body.length !== length) length = String(length).length + body.length;
  return Buffer.concat([Buffer.from(String(length)), body]);
}

/** The header of an entry; `size` bytes of content and then `tarPadding(size)` must follow. @returns null for what tar cannot hold */
export function tarHeader(path: ByteString, node: Node): Buffer | null {
  const flag = typeFlags[node.type];
  if (flag === undefined) return null;
  const name = node.type === 'dir' ? `${path}/` : path;
  const size = node.type === 'file' ? node.size : 0;
  const records: Buffer[] = [];
  const raw = (text: ByteString): Buffer => Buffer.from(text, 'latin1');
  const odd = (text: ByteString, most: number): boolean => text.length > most || /[\x80-\xff]/.test(text);
  if (odd(name, 100)) records.push(record('path', raw(name)));
  if (odd(node.linkTarget, 100)) records.push(record('linkpath', raw(node.linkTarget)));
  if (records.length > 0 && (!isValidUtf8(name) || !isValidUtf8(node.linkTarget))) records.unshift(record('hdrcharset', Buffer.from('BINARY')));
  if (size >= 8 ** 11) records.push(record('size', Buffer.from(String(size))));
  if (node.uid >= 8 ** 7) records.push(record('uid', Buffer.from(String(node.uid))));
  if (node.gid >= 8 ** 7) records.push(record('gid', Buffer.from(String(node.gid))));
  if (node.mtime.nanos !== 0 || node.mtime.seconds < 0) {
    const negative = node.mtime.seconds < 0 && node.mtime.nanos > 0;
    const seconds = negative ? node.mtime.seconds + 1 : node.mtime.seconds;
    const nanos = negative ? 1_000_000_000 - node.mtime.nanos : node.mtime.nanos;
    records.push(record('mtime', Buffer.from(`${negative && seconds === 0 ? '-' : ''}${seconds}.${String(nanos).padStart(9, '0')}`)));
  }
  for (const { name: attribute, value } of node.xattrs) records.push(record(`SCHILY.xattr.${Buffer.from(attribute, 'latin1').toString()}`, value));
  const main = header(name, flag, size, node);
  if (records.length === 0) return main;
  const extra = Buffer.concat(records);
  const plain: Node = { ...node, linkTarget: '', type: 'file', device: 0 };
  return Buffer.concat([header(`PaxHeaders/${name.slice(-80)}`, 'x', extra.length, plain), padded(extra), main]);
}

export function tarPadding(size: number): Buffer {
  return Buffer.alloc((block - (size % block)) % block);
}

export const tarEnd = Buffer.alloc(2 * block);
