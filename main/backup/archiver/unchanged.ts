/**
 * Tells whether a folder is as its tree in the parent snapshot says, by comparing text: an entry that has not changed is
 * encoded to the very bytes that the tree has, so nothing needs to be parsed, encoded as a whole or hashed.
 *
 * Contents, extended attributes and link targets cannot be told from lstat; they count as unchanged when everything
 * before them is equal, times of change and inode among it. That is the rule for a file that is not read again.
 */
import type { Id } from '../format/id.js';
import type { ByteString } from '../format/text.js';
import { kinds, type ListingReader } from './listing.js';

/** What is in a folder that has not changed. What is in its folders is another matter. */
export interface UnchangedFolder {
  files: number;
  bytes: number;
  last: ByteString;
  readonly folders: { readonly name: ByteString; readonly tree: Id }[];
}

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

  /** Goes past the same bytes as `other` has from `from` to `to`. */
  skipSame(other: Uint8Array, from: number, to: number): boolean {
    const { bytes, at } = this;
    if (at + to - from > bytes.length) return false;
    for (let i = from, own = at; i < to; i++, own++) if (other[i] !== bytes[own]) return false;
    this.at += to - from;
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

/** Whether the repository has the part of a file whose ID stands at that place in hexadecimal digits. */
export interface KnownParts {
  hasHexAt(text: Uint8Array, at: number): boolean;
}

export class FolderComparison {
  constructor(private readonly known: KnownParts) {}

  /**
   * @param tree its bytes
   * @param entry what is in the folder now
   * @returns null when anything differs, or is written in a way that this does not know
   */
  compare(tree: Buffer, entry: ListingReader): UnchangedFolder | null {
    const found: UnchangedFolder = { files: 0, bytes: 0, last: '', folders: [] };
    const text = new Cursor(tree);
    if (!text.skip('{"nodes":[')) return null;
    let first = true;
    let last = [0, 0];
    while (entry.step()) {
      if (!first && !text.skip(',')) return null;
      first = false;
      const { kind, headEnd } = entry;
      if (!text.skipSame(entry.bytes, entry.head, headEnd)) return null;
      if (kind === kinds.symlink && !(text.skip(',"linktarget":"') && text.skipTarget())) return null;
      if (text.skip(',"extended_attributes":[')) {
        // inside of a JSON string these quotation marks would be escaped
        if (!text.find('],"content":') || !text.skip(']')) return null;
      }
      if (!text.skipSame(entry.bytes, headEnd, entry.deviceEnd)) return null;
      if (kind === kinds.file) {
        if (!this.skipContent(text)) return null;
        found.files++;
        found.bytes += entry.size;
        last = [entry.nameFrom, entry.head];
      } else if (!text.skip(',"content":null')) return null;
      if (kind === kinds.dir) {
        if (!text.skip(',"subtree":"')) return null;
        found.folders.push({ name: entry.name, tree: tree.toString('latin1', text.at, text.at + hexDigits) });
        text.at += hexDigits;
        if (!text.skip('"')) return null;
      }
      if (!text.skip('}')) return null;
    }
    found.last = entry.bytes.toString('latin1', last[0], last[1]);
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
