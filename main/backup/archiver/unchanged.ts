/**
 * Tells whether a folder is as its tree in the parent snapshot says, by comparing text: an entry that has not changed is
 * encoded to the very bytes that the tree has, so nothing needs to be parsed, encoded as a whole or hashed.
 *
 * Contents, extended attributes and link targets cannot be told from lstat; they count as unchanged when everything
 * before them is equal, times of change and inode among it. That is the rule for a file that is not read again.
 */
import { encodeHead } from '../format/node.js';
import type { Id } from '../format/id.js';
import { typeOf } from '../format/mode.js';
import type { ByteString } from '../format/text.js';
import type { Files } from '../posix/files.js';
import type { Stat } from '../posix/stat.js';
import { headOf } from './node-maker.js';

/** What is in a folder that has not changed. What is in its folders is another matter. */
export interface UnchangedFolder {
  files: number;
  bytes: number;
  last: ByteString;
  readonly folders: { readonly name: ByteString; readonly tree: Id }[];
}

export interface Entry { readonly name: ByteString; readonly stat: Stat }

const start = '{"nodes":[';
const end = ']}\n';
const hexDigits = 64;
const attributes = ',"extended_attributes":[';
const attributesEnd = '],"content":';
const linkTarget = ',"linktarget":"';
const noContent = ',"content":null';
const content = ',"content":[';
const subtree = ',"subtree":"';

/**
 * @param text the tree as a byte string
 * @param entries in the order of their names, without sockets
 * @param hasBlob whether the repository has this part of a file
 * @returns null when anything differs, or is written in a way that this does not know
 */
export function compareFolder(
  text: ByteString, entries: readonly Entry[], names: Pick<Files, 'userName' | 'groupName'>, withAtime: boolean, hasBlob: (id: Id) => boolean,
): UnchangedFolder | null {
  const found: UnchangedFolder = { files: 0, bytes: 0, last: '', folders: [] };
  if (!text.startsWith(start)) return null;
  let at = start.length;
  let first = true;
  for (const { name, stat } of entries) {
    const head = (first ? '' : ',') + encodeHead(headOf(name, stat, names, withAtime));
    first = false;
    if (!text.startsWith(head, at)) return null;
    at += head.length;
    const type = typeOf(stat.mode);
    if (type === 'symlink') {
      if (!text.startsWith(linkTarget, at)) return null;
      at = text.indexOf('"', at + linkTarget.length) + 1;
      if (at === 0 || text[at - 2] === '\\') return null; // with an escaped quote in it
    }
    if (text.startsWith(attributes, at)) {
      // inside of a JSON string these quotes would be escaped
      at = text.indexOf(attributesEnd, at) + 1;
      if (at === 0) return null;
    }
    if ((type === 'dev' || type === 'chardev') && stat.rdev) {
      const device = `,"device":${stat.rdev}`;
      if (!text.startsWith(device, at)) return null;
      at += device.length;
    }
    if (type === 'file') {
      at = afterContent(text, at, hasBlob);
      if (at < 0) return null;
      found.files++;
      found.bytes += stat.size;
      found.last = name;
    } else {
      if (!text.startsWith(noContent, at)) return null;
      at += noContent.length;
    }
    if (type === 'dir') {
      if (!text.startsWith(subtree, at)) return null;
      at += subtree.length;
      found.folders.push({ name, tree: text.slice(at, at + hexDigits) });
      at += hexDigits + 1;
      if (text[at - 1] !== '"') return null;
    }
    if (text[at++] !== '}') return null;
  }
  return at === text.length - end.length && text.endsWith(end) ? found : null;
}

/** @returns where the list of a file's parts ends, -1 when one is missing */
function afterContent(text: ByteString, from: number, hasBlob: (id: Id) => boolean): number {
  if (!text.startsWith(content, from)) return -1;
  let at = from + content.length;
  if (text[at] === ']') return at + 1;
  for (;;) {
    if (text[at] !== '"' || text[at + hexDigits + 1] !== '"') return -1;
    if (!hasBlob(text.slice(at + 1, at + 1 + hexDigits))) return -1;
    at += hexDigits + 3;
    if (text[at - 1] === ']') return at;
    if (text[at - 1] !== ',') return -1;
  }
}
