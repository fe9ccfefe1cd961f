/**
 * Tells whether a folder is as its tree in the parent snapshot says, by comparing text: an entry that has not changed is
 * encoded to the very bytes that the tree has, so nothing needs to be parsed, encoded as a whole or hashed.
 *
 * Contents, extended attributes and link targets cannot be told from lstat; they count as unchanged when everything
 * before them is equal, times of change and inode among it. That is the rule for a file that is not read again.
 */
import { ByteWriter } from '../format/byte-writer.js';
import { writeHead } from '../format/node.js';
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

const hexDigits = 64;
const quotation = 0x22;
const backslash = 0x5c;

/** A tree's bytes, and how far they are as expected. */
class Cursor {
  at = 0;
  constructor(readonly bytes: Buffer) {}

  /** Goes past `text` if it comes next. */
  skip(text: string): boolean {
    const { bytes, at } = this;
    if (at + text.length > bytes.length) return false;
    for (let i = 0; i < text.length; i++) if (bytes[at + i] !== text.charCodeAt(i)) return false;
    this.at += text.length;
    return true;
  }

  skipWritten(written: ByteWriter): boolean {
    if (!written.isAt(this.bytes, this.at)) return false;
    this.at += written.length;
    return true;
  }

  /** Goes to where `text` begins. */
  find(text: string): boolean {
    const found = this.bytes.indexOf(text, this.at, 'latin1');
    if (found >= 0) this.at = found;
    return found >= 0;
  }

  /** Goes past a link's target. @returns false for one with an escaped quotation mark in it */
  skipTarget(): boolean {
    const end = this.bytes.indexOf(quotation, this.at);
    if (end < 0 || this.bytes[end - 1] === backslash) return false;
    this.at = end + 1;
    return true;
  }
}

/** Compares one folder after another, in memory of its own. */
export class FolderComparison {
  private readonly head = new ByteWriter();

  /**
   * @param names of users and groups
   * @param known whether the repository has the part of a file whose ID stands at that place in hexadecimal digits
   */
  constructor(
    private readonly names: Pick<Files, 'userName' | 'groupName'>, private readonly withAtime: boolean, private readonly known: { hasHexAt(text: Uint8Array, at: number): boolean },
  ) {}

  /**
   * @param tree its bytes
   * @param entries in the order of their names, without sockets
   * @returns null when anything differs, or is written in a way that this does not know
   */
  compare(tree: Buffer, entries: readonly Entry[]): UnchangedFolder | null {
    const found: UnchangedFolder = { files: 0, bytes: 0, last: '', folders: [] };
    const text = new Cursor(tree);
    if (!text.skip('{"nodes":[')) return null;
    let first = true;
    for (const { name, stat } of entries) {
      if (!first && !text.skip(',')) return null;
      first = false;
      this.head.clear();
      writeHead(this.head, headOf(name, stat, this.names, this.withAtime));
      if (!text.skipWritten(this.head)) return null;
      const type = typeOf(stat.mode);
      if (type === 'symlink' && !(text.skip(',"linktarget":"') && text.skipTarget())) return null;
      if (text.skip(',"extended_attributes":[')) {
        // inside of a JSON string these quotation marks would be escaped
        if (!text.find('],"content":') || !text.skip(']')) return null;
      }
      if ((type === 'dev' || type === 'chardev') && stat.rdev && !text.skip(`,"device":${stat.rdev}`)) return null;
      if (type === 'file') {
        if (!this.skipContent(text)) return null;
        found.files++;
        found.bytes += stat.size;
        found.last = name;
      } else if (!text.skip(',"content":null')) return null;
      if (type === 'dir') {
        if (!text.skip(',"subtree":"')) return null;
        found.folders.push({ name, tree: tree.toString('latin1', text.at, text.at + hexDigits) });
        text.at += hexDigits;
        if (!text.skip('"')) return null;
      }
      if (!text.skip('}')) return null;
    }
    return text.skip(']}\n') && text.at === tree.length ? found : null;
  }

  /** @returns false when a part of the file is not there */
  private skipContent(text: Cursor): boolean {
    if (!text.skip(',"content":[')) return false;
    if (text.skip(']')) return true;
    do {
      if (!text.skip('"') || !this.known.hasHexAt(text.bytes, text.at)) return false;
      text.at += hexDigits;
      if (!text.skip('"')) return false;
    } while (text.skip(','));
    return text.skip(']');
  }
}
