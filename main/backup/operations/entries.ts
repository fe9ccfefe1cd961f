/** A node as `ls --json` shows it. */
import { permissionText } from '../format/mode.js';
import type { Node } from '../format/node.js';
import { toText, type ByteString } from '../format/text.js';
import { formatTime } from '../format/time.js';
import type { LsEntry } from '../types.js';

/** @param path absolute, within the snapshot */
export function lsEntry(node: Node, path: ByteString): LsEntry {
  return {
    message_type: 'node', name: toText(node.name), type: node.type, path: toText(path), uid: node.uid, gid: node.gid,
    ...(node.user === '' ? {} : { user: toText(node.user) }), ...(node.group === '' ? {} : { group: toText(node.group) }),
    ...(node.type === 'file' ? { size: node.size } : {}), mode: node.mode, permissions: permissionText(node.mode),
    mtime: formatTime(node.mtime), atime: formatTime(node.atime), ctime: formatTime(node.ctime),
    ...(node.inode ? { inode: Number(node.inode) } : {}), ...(node.linkTarget === '' ? {} : { linktarget: toText(node.linkTarget) }),
  };
}
