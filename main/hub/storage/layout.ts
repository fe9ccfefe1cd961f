/**
 * Addresses and files of hub storage. Addresses are restic's REST protocol (restic, doc/REST_backend.rst) below `/storage/<agent id>/`;
 * on disk a repository has restic's own layout (doc/design.rst, "Repository Layout"), so that any restic opens the folder. Pure.
 */
import path from 'node:path';
import { storagePath } from '../../shared/protocol/storage.js';

export const storedKinds = ['data', 'index', 'keys', 'locks', 'snapshots'] as const;
export type StoredKind = (typeof storedKinds)[number];

export type StoredFile = { readonly kind: 'config' } | { readonly kind: StoredKind; readonly name: string };

export type StorageTarget = { readonly agentId: number } & (
  | { readonly what: 'repository' }
  | { readonly what: 'list'; readonly kind: StoredKind }
  | { readonly what: 'file'; readonly file: StoredFile });

const isKind = (text: string): text is StoredKind => (storedKinds as readonly string[]).includes(text);
/** A SHA-256. Nothing else is a name, so no name can lead out of the folder. */
export const isName = (text: string): boolean => /^[0-9a-f]{64}$/.test(text);

/** @param pathname as sent, not decoded: what is right needs no decoding. @returns null for an address that means nothing here. */
export function parseTarget(pathname: string): StorageTarget | null {
  if (!pathname.startsWith(storagePath)) return null;
  const [id = '', ...rest] = pathname.slice(storagePath.length).split('/');
  if (!/^[1-9]\d{0,14}$/.test(id)) return null;
  const agentId = Number(id);
  const [first, second, ...more] = rest;
  if (first === undefined || first === '') return second === undefined ? { agentId, what: 'repository' } : null;
  if (first === 'config') return second === undefined ? { agentId, what: 'file', file: { kind: 'config' } } : null;
  if (!isKind(first) || more.length > 0) return null;
  if (second === undefined || second === '') return { agentId, what: 'list', kind: first };
  return isName(second) ? { agentId, what: 'file', file: { kind: first, name: second } } : null;
}

export const repositoryFolder = (root: string, agentId: number): string => path.join(root, String(agentId));

/** The folder that holds a file of this kind. */
export function folderOf(repository: string, file: StoredFile): string {
  if (file.kind === 'config') return repository;
  return file.kind === 'data' ? path.join(repository, 'data', file.name.slice(0, 2)) : path.join(repository, file.kind);
}

export const pathOf = (repository: string, file: StoredFile): string => path.join(folderOf(repository, file), file.kind === 'config' ? 'config' : file.name);

export const shards: readonly string[] = Array.from({ length: 256 }, (_, n) => n.toString(16).padStart(2, '0'));

/** Every folder of a new repository, parents first. */
export const allFolders = (repository: string): string[] =>
  [repository, ...storedKinds.map((kind) => path.join(repository, kind)), ...shards.map((shard) => path.join(repository, 'data', shard))];

const MiB = 1024 * 1024;
/** The largest file of each kind that is taken, bytes. restic's packs have at most 128 MiB and one blob more; an index or snapshot lists many things. */
export const largest: Readonly<Record<StoredFile['kind'], number>> = {
  config: MiB, keys: MiB, locks: MiB, snapshots: 256 * MiB, index: 1024 * MiB, data: 1024 * MiB,
};
