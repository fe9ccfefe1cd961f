/** Which files a backup takes: patterns, markers in folders, sizes, file systems, the developer preset, .gitignore. */
import { closeSync, openSync, readFileSync, readSync } from 'node:fs';
import { isAbsolute, resolve } from 'node:path';
import { posix } from 'node:path';
import { HoldfastError } from '../../shared/errors.js';
import { developerRule } from '../filter/developer.js';
import { GitIgnore } from '../filter/gitignore.js';
import { PatternList } from '../filter/pattern.js';
import { typeOf } from '../format/mode.js';
import { toBytes, toText, type ByteString } from '../format/text.js';
import type { Stat } from '../posix/stat.js';
import type { ExcludeOptions } from '../types.js';
import type { Files } from '../posix/files.js';
import type { Selector } from './archiver.js';

interface Marker { readonly name: ByteString; readonly header: string; readonly rule: string }

const cacheMarker: Marker = { name: 'CACHEDIR.TAG', header: 'Signature: 8a477f597d28d172789f06886806bc55', rule: 'caches (CACHEDIR.TAG)' };

function markersOf(options: ExcludeOptions): Marker[] {
  const given = (options.excludeIfPresent ?? []).map((text) => {
    const colon = text.indexOf(':');
    const name = colon < 0 ? text : text.slice(0, colon);
    if (name === '' || name.includes('/')) throw new HoldfastError('usage', `"${text}" is not a file name. Write name or name:header.`);
    return { name, header: colon < 0 ? '' : text.slice(colon + 1), rule: `folders with ${name}` };
  });
  return options.excludeCaches ? [cacheMarker, ...given] : given;
}

/** One pattern a line; empty lines and comments are skipped; `$VAR` is replaced, `$$` is a dollar. */
function patternsIn(file: string, base: string): string[] {
  let content: string;
  try {
    content = readFileSync(isAbsolute(file) ? file : resolve(base, file), 'utf8');
  } catch (cause) {
    throw new HoldfastError('usage', `The exclude file ${file} cannot be read. Check its path and permissions.`, { cause });
  }
  return content.split('\n').map((line) => line.trim()).filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => line.replace(/\$(?:\$|\{(\w+)\}|(\w+))/g, (whole, braced: string | undefined, bare: string | undefined) => (whole === '$$' ? '$' : process.env[braced ?? bare ?? ''] ?? '')));
}

function startsWithHeader(path: ByteString, header: string): boolean {
  if (header === '') return true;
  try {
    const descriptor = openSync(toBytes(path), 'r');
    try {
      const bytes = Buffer.alloc(Buffer.byteLength(header));
      return readSync(descriptor, bytes, 0, bytes.length, 0) === bytes.length && bytes.toString() === header;
    } finally {
      closeSync(descriptor);
    }
  } catch {
    return false; // what cannot be read proves nothing
  }
}

class RuleSelector implements Selector {
  private readonly lists: PatternList[];
  private readonly markers: Marker[];
  private readonly git: GitIgnore | null;
  private readonly devices = new Set<string>();
  private readonly neighbours: ReadonlySet<ByteString>[] = [];

  constructor(private readonly options: ExcludeOptions, base: ByteString, private readonly files: Files) {
    const folder = toText(base);
    const read = (list: string[] | undefined): string[] => (list ?? []).flatMap((file) => patternsIn(file, folder));
    this.lists = [
      new PatternList([...options.exclude ?? [], ...read(options.excludeFile)]),
      new PatternList([...options.iexclude ?? [], ...read(options.iexcludeFile)], true),
    ].filter((list) => !list.empty);
    this.markers = markersOf(options);
    this.git = options.gitignore ? new GitIgnore() : null;
  }

  begin(stat: Stat): void {
    this.devices.add(String(stat.dev));
  }

  excludes(path: ByteString, stat: Stat): string | null {
    const isFolder = typeOf(stat.mode) === 'dir';
    if (this.lists.length > 0) {
      const text = toText(path);
      for (const list of this.lists) {
        const rule = list.match(text);
        if (rule !== null) return rule;
      }
    }
    const { excludeLargerThan, developerPreset, oneFileSystem } = this.options;
    if (excludeLargerThan !== undefined && typeOf(stat.mode) === 'file' && stat.size > excludeLargerThan) return `larger than ${excludeLargerThan} bytes`;
    if (oneFileSystem && this.isElsewhere(path, stat, isFolder)) return 'another file system';
    if (developerPreset) {
      const rule = developerRule(posix.basename(path), isFolder, this.neighbours.at(-1) ?? new Set());
      if (rule !== null) return rule;
    }
    const ignored = this.git?.match(path, isFolder) ?? null;
    return ignored === null ? null : `.gitignore: ${ignored}`;
  }

  /** A folder on which another file system is mounted stays, empty; what is in it goes. */
  private isElsewhere(path: ByteString, stat: Stat, isFolder: boolean): boolean {
    if (this.devices.has(String(stat.dev))) return false;
    if (!isFolder) return true;
    try {
      return !this.devices.has(String(this.files.lstat(posix.dirname(path)).dev));
    } catch {
      return true;
    }
  }

  enter(path: ByteString, names: readonly ByteString[]): { rule: string; keep: ByteString } | null {
    if (this.options.developerPreset) this.neighbours.push(new Set(names));
    if (this.git && names.includes('.gitignore')) {
      try {
        this.git.enter(path, readFileSync(toBytes(`${path === '/' ? '' : path}/.gitignore`), 'utf8'));
      } catch {
        // unreadable: the backup of the file itself reports it
      }
    }
    const marker = this.markers.find(({ name, header }) => names.includes(name) && startsWithHeader(`${path === '/' ? '' : path}/${name}`, header));
    return marker ? { rule: marker.rule, keep: marker.name } : null;
  }

  leave(path: ByteString): void {
    if (this.options.developerPreset) this.neighbours.pop();
    this.git?.leave(path);
  }
}

/** Leaves nothing out. */
export const takeAll: Selector = { begin: () => undefined, excludes: () => null, enter: () => null, leave: () => undefined };

/** Whether these rules leave nothing out. */
export function takesAll(options: ExcludeOptions | undefined): boolean {
  return options === undefined || Object.values(options).every((value) => value === undefined || value === false || (Array.isArray(value) && value.length === 0));
}

/**
 * @param base relative exclude files start here
 * @throws `usage` for malformed patterns and unreadable exclude files
 */
export function makeSelector(options: ExcludeOptions | undefined, base: ByteString, files: Files): Selector {
  return options === undefined || takesAll(options) ? takeAll : new RuleSelector(options, base, files);
}
