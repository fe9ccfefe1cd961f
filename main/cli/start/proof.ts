/** Proves that a snapshot restores: restores it beside the original and compares every file by its SHA-256. */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdtemp, readdir, readlink, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { HoldfastError } from '../../shared/errors.js';
import { withEngine } from '../repository/engine.js';

export interface Proof {
  readonly files: number;
}

/**
 * @param source absolute path of the folder that was backed up and has not changed since.
 * @throws HoldfastError `repository-damaged` naming the first file that differs.
 */
export async function proveRestorable(repository: { url: string; password: string }, snapshot: string, source: string, signal: AbortSignal): Promise<Proof> {
  const target = await mkdtemp(path.join(tmpdir(), 'holdfast-proof-'));
  try {
    await withEngine((engine) => engine.restore({ repository: { ...repository, cacheFolder: false }, snapshot, target }, { signal }));
    const [before, after] = await Promise.all([fingerprints(source), fingerprints(path.join(target, source))]);
    const different = [...new Set([...before.keys(), ...after.keys()])].sort().find((name) => before.get(name) !== after.get(name));
    if (different !== undefined) throw new HoldfastError('repository-damaged', `The restored ${different} is not the one that was saved. Do not rely on this backup; run "holdfast check --read-data".`);
    return { files: before.size };
  } finally {
    await rm(target, { recursive: true, force: true });
  }
}

/** SHA-256 of every file, and the target of every link, by path relative to the folder. */
async function fingerprints(folder: string): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    const full = path.join(entry.parentPath, entry.name);
    const name = path.relative(folder, full);
    if (entry.isSymbolicLink()) found.set(name, `link to ${await readlink(full)}`);
    if (!entry.isFile()) continue;
    const hash = createHash('sha256');
    await pipeline(createReadStream(full), hash);
    found.set(name, hash.digest('hex'));
  }
  return found;
}
