/**
 * How the given paths become the top of a snapshot's tree, by restic's rules: folders above a target appear with their
 * metadata, relative paths start at their first real component, targets below one another merge, and equal names from
 * different places get a number (facts: restic internal/archiver/tree.go).
 */
import { readdirSync } from 'node:fs';
import { posix } from 'node:path';
import { HoldfastError } from '../../shared/errors.js';
import { isSafeName } from '../format/node.js';
import { toBytes, toText, type ByteString } from '../format/text.js';
import type { Time } from '../format/time.js';

/** Content that comes from a stream and not from the file system. */
export interface TargetStream {
  readonly input: () => AsyncIterable<Uint8Array>;
  readonly time: Time;
  readonly mode: number | undefined;
}

export interface Target {
  readonly children: Map<ByteString, Target>;
  /** Set on what is saved with all its content. */
  path?: ByteString;
  /** Where a folder above the targets takes its metadata from. */
  metadataPath?: ByteString;
  root?: ByteString;
  /** Set on a file that is a stream. Folders above it that are nowhere else have none of these. */
  stream?: TargetStream;
}

function componentsOf(path: ByteString): ByteString[] {
  return posix.normalize(posix.isAbsolute(path) ? path : `/${path}`).split('/').filter((part) => part !== '');
}

/** The folder that holds the first component of a path. */
function rootOf(path: ByteString): ByteString {
  if (posix.isAbsolute(path)) return '/';
  const ups = posix.normalize(path).split('/').filter((part) => part === '..');
  return ups.length === 0 ? '.' : ups.join('/');
}

function list(folder: ByteString, base: ByteString): ByteString[] {
  try {
    return readdirSync(toBytes(posix.resolve(base, folder)), { encoding: 'latin1' }).sort();
  } catch (cause) {
    throw new HoldfastError('source-missing', `The folder ${toText(folder)} cannot be read. Check that it exists and that you may read it.`, { cause });
  }
}

function trimmed(path: ByteString): ByteString {
  const clean = posix.normalize(path);
  return clean.length > 1 && clean.endsWith('/') ? clean.slice(0, -1) : clean;
}

function addBelow(node: Target, path: ByteString, root: ByteString, components: readonly ByteString[]): void {
  const [name, ...rest] = components;
  if (name === undefined) return;
  const child: Target = node.children.get(name) ?? { children: new Map() };
  node.children.set(name, child);
  if (rest.length === 0) {
    child.path ??= path;
    return;
  }
  child.metadataPath = posix.join(root, name);
  addBelow(child, path, child.metadataPath, rest);
}

function add(top: Target, path: ByteString): void {
  const [first, ...rest] = componentsOf(path);
  if (first === undefined) return;
  const root = rootOf(path);
  let name = first;
  let node: Target = { children: new Map(), root };
  for (let i = 1; top.children.has(name); i++) {
    const other = top.children.get(name);
    if (other?.root === root) {
      node = other;
      break;
    }
    name = `${first}-${i}`;
  }
  if (rest.length === 0) node.path = path;
  else {
    node.metadataPath = posix.join(root, first);
    addBelow(node, path, node.metadataPath, rest);
  }
  top.children.set(name, node);
}

/** A target with other targets inside becomes a plain folder with all its entries as targets. */
function unroll(node: Target, base: ByteString): void {
  if (node.path !== undefined && node.children.size > 0) {
    for (const entry of list(node.path, base)) {
      const child = node.children.get(entry);
      const path = posix.join(node.path, entry);
      if (!child) node.children.set(entry, { children: new Map(), path });
      else if (!child.stream) child.path ??= path;
    }
    node.metadataPath = node.path;
    delete node.path;
  }
  for (const child of node.children.values()) unroll(child, base);
}

function addStream(top: Target, path: ByteString, stream: TargetStream): void {
  const parts = componentsOf(path);
  const name = parts.pop();
  if (name === undefined || !parts.every(isSafeName) || !isSafeName(name)) throw new HoldfastError('usage', `"${toText(path)}" is not a path for a stream. Give one like /databases/shop.sql.`);
  let node = top;
  for (const part of parts) {
    const child: Target = node.children.get(part) ?? { children: new Map(), root: '/' };
    node.children.set(part, child);
    node = child;
    if (node.stream) break;
  }
  if (node.stream || node.children.has(name)) throw new HoldfastError('usage', `"${toText(path)}" is to be two things in one snapshot. Remove one of the two sources from the job.`);
  node.children.set(name, { children: new Map(), stream });
}

/**
 * @param paths as the person gave them
 * @param base the folder that relative paths start from
 * @param streams by their absolute paths inside the snapshot
 * @throws HoldfastError `usage` for a stream without a name or in the place of something else
 */
export function resolveTargets(paths: readonly ByteString[], base: ByteString, streams: readonly (readonly [ByteString, TargetStream])[] = []): Target {
  const top: Target = { children: new Map() };
  const seen = new Set<ByteString>();
  for (const given of paths) {
    const clean = trimmed(given);
    // "." and "../.." have no name of their own: their entries are the targets
    const resolved = componentsOf(clean).length > 0 ? [clean] : list(clean, base).map((name) => posix.join(clean, name));
    for (const path of resolved) {
      if (seen.has(path)) continue;
      seen.add(path);
      add(top, path);
    }
  }
  for (const [path, stream] of streams) addStream(top, path, stream);
  unroll(top, base);
  return top;
}
