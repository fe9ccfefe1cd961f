/** An opened repository: reads and writes its files and knows its index. Belongs to one thread. */
import { HoldfastError } from '../../shared/errors.js';
import type { Backend, FileHandle, FileKind } from '../backend/backend.js';
import { mostFrom } from '../compress/bomb.js';
import { Zstd } from '../compress/zstd.js';
import { encodeConfig, newConfig, parseConfig, type Config } from '../format/config.js';
import { Sealer, type KeyMaterial } from '../format/crypto.js';
import { damaged } from '../format/damage.js';
import { hashOf, isId, shortId, type Id } from '../format/id.js';
import { readIndex } from '../format/index-file.js';
import { openSsl } from '../format/openssl.js';
import { makeKeyFile, newMasterKey, openKeyFile, parseKeyFile } from '../format/key.js';
import { BlobIndex } from '../index/blob-index.js';
import { pooled } from '../pooled.js';
import { Kernel } from '../wasm/kernel.js';
import type { OpenedKeys } from './key-memory.js';

const nouns: Record<FileKind, string> = {
  config: 'the config file', keys: 'key', locks: 'lock', snapshots: 'snapshot', index: 'index', data: 'pack',
};

export function nameOf(file: FileHandle): string {
  return file.kind === 'config' ? nouns.config : `${nouns[file.kind]} ${shortId(file.name)}`;
}

const zstdMark = 2;
/** Index files that are read at the same time: each is parsed in memory. */
const loadsAtOnce = 4;
/** No file but a pack is larger than this. restic starts a new index after 50,000 blobs, which is 3 MiB. */
const largestFile = 256 * 1024 * 1024;

/** Nothing is read into memory that cannot be what it should be. */
function refuseLarge(file: FileHandle, size: number): void {
  if (size > largestFile) throw damaged(nameOf(file), `it is larger than any such file may be (${size} bytes)`);
}

export interface LoadedIndex {
  readonly index: BlobIndex;
  readonly files: Id[];
  /** Index files that could not be read, with why. */
  readonly broken: { id: Id; error: HoldfastError }[];
}

export class Repository {
  readonly sealer: Sealer;
  private readonly zstd: Zstd;
  /** Of files that were listed, but packs. */
  private readonly sizes = new Map<Id, number>();

  constructor(
    readonly backend: Backend, readonly config: Config, readonly keys: KeyMaterial, readonly keyId: Id, readonly kernel: Kernel,
  ) {
    this.sealer = new Sealer(keys, kernel);
    this.zstd = new Zstd('auto');
  }

  /** Reads a file as it lies in the repository and checks it against its name. */
  async loadRaw(file: FileHandle, signal?: AbortSignal): Promise<Buffer> {
    refuseLarge(file, this.sizes.get(file.name) ?? 0);
    const bytes = await this.backend.load(file, undefined, signal);
    if (file.kind !== 'config' && hashOf(bytes) !== file.name) throw damaged(nameOf(file), 'its content does not fit its name');
    return bytes;
  }

  /** Reads, authenticates and decompresses an index, snapshot, lock or the config. */
  async load(file: FileHandle, signal?: AbortSignal): Promise<Buffer> {
    const what = nameOf(file);
    const plain = this.sealer.open(await this.loadRaw(file, signal), what);
    return file.kind === 'config' ? plain : this.expand(plain, what);
  }

  private expand(plain: Buffer, what: string): Buffer {
    if (this.config.version < 2 || plain.length === 0 || plain[0] === 0x7b || plain[0] === 0x5b) return plain;
    if (plain[0] !== zstdMark) {
      throw new HoldfastError('repository-version', `${what} is stored in a way this program does not know (${String(plain[0])}). Update Holdfast.`);
    }
    return this.zstd.decompress(plain.subarray(1), mostFrom(plain.length), what);
  }

  /** Compresses, seals and saves. @returns the new file's ID */
  async save(kind: Exclude<FileKind, 'config' | 'data' | 'keys'>, plain: Uint8Array, signal?: AbortSignal): Promise<Id> {
    const { name, sealed } = this.seal(plain);
    await this.backend.save({ kind, name }, sealed, signal);
    return name;
  }

  /** An index, snapshot or lock as it lies in the repository, and the name it has there. */
  seal(plain: Uint8Array): { name: Id; sealed: Buffer } {
    const sealed = this.sealer.seal(this.config.version < 2 ? plain : Buffer.concat([Buffer.from([zstdMark]), this.zstd.compress(plain)]));
    return { name: hashOf(sealed), sealed };
  }

  async ids(kind: FileKind, signal?: AbortSignal): Promise<Id[]> {
    const found: Id[] = [];
    for await (const { name, size } of this.backend.list(kind, signal)) {
      if (!isId(name)) continue;
      found.push(name);
      if (kind !== 'data') this.sizes.set(name, size);
    }
    return found;
  }

  /** Reads all index files. */
  async loadIndex(options: { signal?: AbortSignal | undefined; tolerant?: boolean } = {}): Promise<LoadedIndex> {
    const index = new BlobIndex();
    const files = await this.ids('index', options.signal);
    const broken: LoadedIndex['broken'] = [];
    await pooled(files, loadsAtOnce, async (id) => {
      try {
        const handle: FileHandle = { kind: 'index', name: id };
        index.addEntries(readIndex(await this.load(handle, options.signal), nameOf(handle)));
      } catch (error) {
        // an index that vanished between listing and reading was replaced by a prune or repair
        if (!(error instanceof HoldfastError) || !(options.tolerant || error.code === 'not-found')) throw error;
        broken.push({ id, error });
      }
    });
    return { index, files, broken };
  }

  async close(): Promise<void> {
    await this.backend.close();
  }
}

const configFile: FileHandle = { kind: 'config', name: '' };

/** Whether there is a repository. @throws whatever the backend says, but for a missing file */
export async function hasConfig(backend: Backend, signal?: AbortSignal): Promise<boolean> {
  try {
    refuseLarge(configFile, (await backend.stat(configFile, signal)).size);
    return true;
  } catch (error) {
    if (error instanceof HoldfastError && error.code === 'not-found') return false;
    throw error;
  }
}

/** @throws `repository-exists` and whatever the backend says */
export async function createRepository(
  backend: Backend, password: string, who: { user: string }, options: { version?: 1 | 2; polynomial?: bigint } = {},
): Promise<Repository> {
  if (password === '') throw new HoldfastError('password-missing', 'An empty password protects nothing. Choose one.');
  if (await hasConfig(backend)) {
    throw new HoldfastError('repository-exists', `There is a repository at ${backend.location} already. Use it, or choose another place.`);
  }
  await backend.create();
  for await (const key of backend.list('keys')) {
    throw new HoldfastError('repository-exists', `${backend.location} holds a key (${shortId(key.name)}) but no config file: part of a repository. Choose an empty place.`);
  }
  const kernel = new Kernel();
  const master = newMasterKey();
  const keyFile = await makeKeyFile(master, password, who, kernel);
  const keyId = hashOf(keyFile);
  await backend.save({ kind: 'keys', name: keyId }, keyFile);
  const config = newConfig(options.version ?? 2, options.polynomial);
  const repository = new Repository(backend, config, master, keyId, kernel);
  await backend.save({ kind: 'config', name: '' }, repository.sealer.seal(encodeConfig(config)));
  return repository;
}

/** How many keys are tried: each costs half a second. */
const mostKeys = 20;

/** @throws `repository-missing`, `wrong-password`, `repository-damaged`, `repository-version` */
export async function openRepository(backend: Backend, password: string, signal?: AbortSignal, opened?: OpenedKeys): Promise<Repository> {
  const kernel = new Kernel();
  // what does not depend on each other is asked at the same time; that there is nothing at all is the first thing to tell
  const sealedConfig = loadConfig(backend, signal);
  sealedConfig.catch(() => undefined);
  const opening = openKey(backend, password, kernel, signal, opened);
  opening.catch(() => undefined);
  const sealed = await sealedConfig;
  if (sealed === null) {
    throw new HoldfastError('repository-missing', `There is no repository at ${backend.location}. Make one with init, or check the path and whether the disk is attached.`);
  }
  const { keys, id } = await opening;
  const config = parseConfig(new Sealer(keys, kernel).open(sealed, 'the config file'));
  return new Repository(backend, config, keys, id, kernel);
}

/** Asks for its size and its content at once. @returns null when there is none */
async function loadConfig(backend: Backend, signal?: AbortSignal): Promise<Buffer | null> {
  const stop = new AbortController();
  const loading = backend.load(configFile, undefined, signal ? AbortSignal.any([signal, stop.signal]) : stop.signal);
  loading.catch(() => undefined); // looked at below, if there is one of a size that can be right
  try {
    if (await hasConfig(backend, signal)) return await loading;
  } catch (error) {
    stop.abort();
    throw error;
  }
  stop.abort();
  return null;
}

/** The first key that the password opens. */
async function openKey(backend: Backend, password: string, kernel: Kernel, signal?: AbortSignal, opened?: OpenedKeys): Promise<{ keys: KeyMaterial; id: Id }> {
  let damage: unknown;
  let tried = 0;
  for await (const { name, size } of backend.list('keys', signal)) {
    if (!isId(name)) continue;
    const remembered = opened?.find(name, password);
    if (remembered) return { keys: remembered, id: name };
    if (++tried > mostKeys) break;
    const handle: FileHandle = { kind: 'keys', name };
    const what = nameOf(handle);
    try {
      refuseLarge(handle, size);
      const bytes = await backend.load(handle, undefined, signal);
      if (hashOf(bytes) !== name) throw damaged(what, 'its content does not fit its name');
      const opening = openKeyFile(parseKeyFile(bytes, what), password, kernel, what);
      // another thread derives the key for half a second: what is needed then is loaded meanwhile
      openSsl();
      new Zstd('auto').compress(bytes);
      const keys = await opening;
      signal?.throwIfAborted();
      if (!keys) continue;
      opened?.keep(name, password, keys);
      return { keys, id: name };
    } catch (error) {
      if (!(error instanceof HoldfastError) || error.code !== 'repository-damaged') throw error;
      damage = error; // another key may still be whole
    }
  }
  if (damage !== undefined) throw damage;
  if (tried === 0) throw damaged(`the repository at ${backend.location}`, 'it has no keys');
  throw new HoldfastError('wrong-password', `The password does not open the repository at ${backend.location}. Check it and try again.`);
}
