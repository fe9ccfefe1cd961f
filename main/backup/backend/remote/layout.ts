/**
 * Where a file lies below the repository's root: restic's default layout, and the flat one of its REST protocol.
 * Source: restic `doc/design.rst` ("Repository Layout") and `doc/REST_backend.rst`.
 */
import type { FileHandle, FileKind } from '../backend.js';

/** Every folder of a new repository, parents first. */
export function allFolders(): string[] {
  const shards = Array.from({ length: 256 }, (_, i) => `data/${i.toString(16).padStart(2, '0')}`);
  return ['keys', 'locks', 'snapshots', 'index', 'data', ...shards];
}

/** `data/ab/abcd…`, `keys/abcd…`, `config`. */
export function defaultPath(file: FileHandle): string {
  if (file.kind === 'config') return 'config';
  return file.kind === 'data' ? `data/${file.name.slice(0, 2)}/${file.name}` : `${file.kind}/${file.name}`;
}

/** `data/abcd…`, `keys/abcd…`, `config`: the server itself decides how it stores them. */
export function restPath(file: FileHandle): string {
  return file.kind === 'config' ? 'config' : `${file.kind}/${encodeURIComponent(file.name)}`;
}

/** For sentences: `the pack ab12cd34`. */
export function describeFile(file: FileHandle): string {
  const nouns: Record<FileKind, string> = { config: 'config file', keys: 'key', locks: 'lock', snapshots: 'snapshot', index: 'index', data: 'pack' };
  return file.kind === 'config' ? 'the config file' : `the ${nouns[file.kind]} ${file.name.slice(0, 8)}`;
}
