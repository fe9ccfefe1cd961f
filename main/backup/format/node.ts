/**
 * One entry of a tree: a file, folder, link ... with its metadata. Field order and encoding are restic's to the byte,
 * because a tree's ID is the hash of this text (facts: restic internal/data/node.go).
 */
import type { NodeType } from '../types.js';
import type { ByteWriter } from './byte-writer.js';
import type { Id } from './id.js';
import { fromText, isValidUtf8, jsonName, jsonString, unquote, type ByteString } from './text.js';
import { parseTime, writeTime, type Time } from './time.js';

export interface ExtendedAttribute {
  readonly name: ByteString;
  readonly value: Buffer;
}

export interface Node {
  name: ByteString;
  type: NodeType;
  /** Go's mode bits, see mode.ts. */
  mode: number;
  mtime: Time;
  atime: Time;
  ctime: Time;
  uid: number;
  gid: number;
  user: ByteString;
  group: ByteString;
  /** A bigint only where a number would not be exact. */
  inode: number | bigint;
  deviceId: number | bigint;
  size: number;
  links: number | bigint;
  linkTarget: ByteString;
  xattrs: readonly ExtendedAttribute[];
  /** Attributes of other systems, kept as they are. */
  genericAttributes?: string | undefined;
  device: number | bigint;
  /** Data blobs of a file; null for everything else. */
  content: readonly Id[] | null;
  /** Tree of a folder. */
  subtree: Id | null;
  error?: ByteString | undefined;
}

/** What comes from lstat and the list of users. */
export type NodeHead = Pick<Node, 'name' | 'type' | 'mode' | 'mtime' | 'atime' | 'ctime' | 'uid' | 'gid' | 'user' | 'group' | 'inode' | 'deviceId' | 'size' | 'links'>;

/** A count, or nothing at all when it is zero. */
function writeCount(out: ByteWriter, field: string, value: number | bigint): void {
  if (!value) return;
  out.text(field);
  out.number(value);
}

/** The first part of an encoded node: it has no end yet. */
export function writeHead(out: ByteWriter, n: NodeHead): void {
  out.text('{"name":');
  out.text(jsonName(n.name));
  out.text(',"type":"');
  out.text(n.type);
  out.text('"');
  writeCount(out, ',"mode":', n.mode);
  out.text(',"mtime":"');
  writeTime(out, n.mtime);
  out.text('","atime":"');
  writeTime(out, n.atime);
  out.text('","ctime":"');
  writeTime(out, n.ctime);
  out.text('","uid":');
  out.number(n.uid);
  out.text(',"gid":');
  out.number(n.gid);
  if (n.user !== '') {
    out.text(',"user":');
    out.text(jsonString(n.user));
  }
  if (n.group !== '') {
    out.text(',"group":');
    out.text(jsonString(n.group));
  }
  writeCount(out, ',"inode":', n.inode);
  writeCount(out, ',"device_id":', n.deviceId);
  writeCount(out, ',"size":', n.size);
  writeCount(out, ',"links":', n.links);
}

function attributeText(attribute: ExtendedAttribute): string {
  return `{"name":${jsonString(attribute.name)},"value":"${attribute.value.toString('base64')}"}`;
}

/** The node as restic's JSON. */
export function writeNode(out: ByteWriter, n: Node): void {
  writeHead(out, n);
  if (n.linkTarget !== '') {
    out.text(`,"linktarget":${jsonString(n.linkTarget)}`);
    // as newer restics do, so that a target that is not UTF-8 can be restored at all
    if (!isValidUtf8(n.linkTarget)) out.text(`,"linktarget_raw":"${Buffer.from(n.linkTarget, 'latin1').toString('base64')}"`);
  }
  if (n.xattrs.length > 0) out.text(`,"extended_attributes":[${n.xattrs.map(attributeText).join(',')}]`);
  if (n.genericAttributes !== undefined) out.text(`,"generic_attributes":${n.genericAttributes}`);
  writeCount(out, ',"device":', n.device);
  if (n.content === null) out.text(',"content":null');
  else {
    out.text(',"content":[');
    n.content.forEach((id, at) => {
      out.text(at === 0 ? '"' : ',"');
      out.text(id);
      out.text('"');
    });
    out.text(']');
  }
  if (n.subtree !== null) {
    out.text(',"subtree":"');
    out.text(n.subtree);
    out.text('"');
  }
  if (n.error !== undefined && n.error !== '') out.text(`,"error":${jsonString(n.error)}`);
  out.text('}');
}

const epoch: Time = { seconds: 0, nanos: 0 };
const hex64 = /^[0-9a-f]{64}$/;
const types: ReadonlySet<string> = new Set<NodeType>(['file', 'dir', 'symlink', 'dev', 'chardev', 'fifo', 'socket', 'irregular']);

class Malformed extends Error {}

function text(record: Record<string, unknown>, field: string): string {
  const value = record[field];
  if (value === undefined || value === null) return '';
  if (typeof value !== 'string') throw new Malformed(`"${field}" is not text`);
  return value;
}

function integer(record: Record<string, unknown>, field: string): number {
  const value = record[field];
  if (value === undefined || value === null) return 0;
  if (typeof value !== 'number' || value < 0 || !Number.isInteger(value)) throw new Malformed(`"${field}" is not a count`);
  return value;
}

function time(record: Record<string, unknown>, field: string): Time {
  const value = record[field];
  if (value === undefined || value === null) return epoch;
  const parsed = typeof value === 'string' ? parseTime(value) : null;
  if (!parsed) throw new Malformed(`"${field}" is not a time`);
  return parsed;
}

function attributes(value: unknown): ExtendedAttribute[] {
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value)) throw new Malformed('"extended_attributes" is not a list');
  return value.map((item: unknown) => {
    if (typeof item !== 'object' || item === null || !('name' in item) || typeof item.name !== 'string') throw new Malformed('an extended attribute has no name');
    const bytes = 'value' in item && typeof item.value === 'string' ? Buffer.from(item.value, 'base64') : Buffer.alloc(0);
    return { name: fromText(item.name), value: bytes };
  });
}

function contentOf(value: unknown): Id[] | null {
  if (value === undefined || value === null) return null;
  if (!Array.isArray(value)) throw new Malformed('"content" is not a list');
  for (const item of value as unknown[]) if (typeof item !== 'string' || !hex64.test(item)) throw new Malformed('"content" has something that is no ID');
  return value as Id[];
}

/**
 * @param json one parsed element of a tree's `nodes`
 * @throws Malformed, with what is wrong
 */
export function nodeFromJson(json: unknown): Node {
  if (typeof json !== 'object' || json === null) throw new Malformed('an entry is not an object');
  const record = json as Record<string, unknown>;
  const name = unquote(fromText(text(record, 'name')));
  if (name === null) throw new Malformed('a name is not quoted as it should be');
  const type = text(record, 'type');
  if (!types.has(type)) throw new Malformed(`unknown type "${type}"`);
  const subtree = record['subtree'];
  if (subtree !== undefined && subtree !== null && (typeof subtree !== 'string' || !hex64.test(subtree))) throw new Malformed('"subtree" is no ID');
  const raw = text(record, 'linktarget_raw');
  const generic = record['generic_attributes'];
  const mtime = time(record, 'mtime');
  const atime = record['atime'] === record['mtime'] ? mtime : time(record, 'atime');
  return {
    name, type: type as NodeType, mode: integer(record, 'mode'),
    mtime, atime, ctime: time(record, 'ctime'),
    uid: integer(record, 'uid'), gid: integer(record, 'gid'), user: fromText(text(record, 'user')), group: fromText(text(record, 'group')),
    inode: integer(record, 'inode'), deviceId: integer(record, 'device_id'), size: integer(record, 'size'), links: integer(record, 'links'),
    linkTarget: raw !== '' ? Buffer.from(raw, 'base64').toString('latin1') : fromText(text(record, 'linktarget')),
    xattrs: attributes(record['extended_attributes']),
    ...(generic === undefined || generic === null ? {} : { genericAttributes: JSON.stringify(generic) }),
    device: integer(record, 'device'), content: contentOf(record['content']), subtree: typeof subtree === 'string' ? subtree : null,
    ...(record['error'] === undefined ? {} : { error: fromText(text(record, 'error')) }),
  };
}

/** A name that stays inside its folder. Trees may come from anybody; nothing is ever written under another name. */
export function isSafeName(name: ByteString): boolean {
  return name !== '' && name !== '.' && name !== '..' && !name.includes('/') && !name.includes('\0');
}
