/** The "Test" button: writes, lists, reads and deletes a small file at a destination, and says in one sentence what is wrong. */
import { createHash, randomBytes } from 'node:crypto';
import { dirname } from 'node:path';
import { asHoldfastError, HoldfastError } from '../../shared/errors.js';
import type { Backend } from '../backend/backend.js';
import { openBackend } from '../backend/open.js';
import { UnknownHostKey } from '../backend/sftp/host-key.js';
import type { Volumes } from './volume/volumes.js';
import type { ProbeResult, ProbeStep, RepositoryAccess } from '../types.js';

/**
 * Never rejects, except with `cancelled`. Folders (or the bucket) of a new repository are made on the way, as `init` would.
 * With `volumes` the empty mount point of a disk that is away is refused.
 * The probe is a pack that no index names: whoever uses the repository at the same time does not look at it.
 */
export async function probeDestination(
  access: Omit<RepositoryAccess, 'password'>, options: { signal?: AbortSignal; volumes?: Pick<Volumes, 'check'> } = {},
): Promise<ProbeResult> {
  const { signal, volumes } = options;
  const began = performance.now();
  let step: ProbeStep = 'connect';
  let backend: Backend | null = null;
  try {
    backend = openBackend({ ...access, cacheFolder: false });
    // only a folder has a path on this computer
    const path = backend.localPath({ kind: 'config', name: '' });
    if (path !== null) await volumes?.check(dirname(path));
    const repository = await hasConfig(backend, signal);
    if (!repository) await backend.create();
    const content = randomBytes(1024);
    const file = { kind: 'data', name: createHash('sha256').update(content).digest('hex') } as const;
    step = 'write';
    await backend.save(file, content, signal);
    step = 'list';
    let listed = false;
    for await (const { name } of backend.list('data', signal)) listed ||= name === file.name;
    if (!listed) throw new HoldfastError('destination-failed', `${backend.location} does not list a file that was just written. Check that nothing in between answers for it.`);
    step = 'read';
    if (!(await backend.load(file, undefined, signal)).equals(content)) {
      throw new HoldfastError('destination-failed', `${backend.location} gives back something else than was written. Do not keep backups there before its disk and memory were checked.`);
    }
    step = 'delete';
    const appendOnly = await backend.remove(file, signal).then(() => false, (error: unknown) => {
      if (error instanceof HoldfastError && error.code === 'permission-denied' && access.url.startsWith('rest:')) return true;
      throw error;
    });
    return { ok: true, repository, appendOnly, milliseconds: Math.round(performance.now() - began) };
  } catch (error) {
    if (signal?.aborted) throw new HoldfastError('cancelled', 'Cancelled.', { cause: error });
    return { ok: false, step, error: asHoldfastError(error).toShape(), hostKey: error instanceof UnknownHostKey ? error.fingerprint : null };
  } finally {
    await backend?.close();
  }
}

async function hasConfig(backend: Backend, signal?: AbortSignal): Promise<boolean> {
  try {
    await backend.stat({ kind: 'config', name: '' }, signal);
    return true;
  } catch (error) {
    if (error instanceof HoldfastError && error.code === 'not-found') return false;
    throw error;
  }
}
