/**
 * How the given paths become the top of a snapshot's tree, by restic's rules: folders above a target appear with their
 * metadata, relative paths start at their first real component, targets below one another merge, and equal names from
 * different places get a number (facts: restic internal/archiver/tree.go).
 */
import { readdirSync } from 'node:fs';
import { posix } from 'node:path';
import { HoldfastError } from '../../shared/errors.js';
import { toBytes, toText, type ByteString } from '../format/text.js';

export interface Target {
  readonly children: Map<ByteString, Target>;
  /** Set on what is saved with all its content. */
  path?: ByteString;
  /** Where a folder above the targets takes its metadata from. */
  metadataPath?: ByteString;
  root?: ByteString;
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
      else child.path ??= path;
    }
    node.metadataPath = node.path;
    delete node.path;
  }
  for (const child of node.children.values()) unroll(child, base);
}

/**
 * @param paths as the person gave them
 * @param base the folder that relative paths start from
 */
export function resolveTargets(paths: readonly ByteString[], base: ByteString): Target {
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
  unroll(top, base);
  return top;
}
