/** The agent's engine port on the real engine, which works on a thread of its own and is loaded when there is work for the first time. */
import type { BackupOrder, Engine, Logger, ProbeResult, RepositoryAccess, SnapshotInfo, Upheaval } from '../../agent/ports.js';
import type { SnapshotReader } from '../../agent/restore/reader.js';
import type { Engine as BackupEngine, RepositoryAccess as EngineAccess } from '../../backup/index.js';
import type { SourcePorts } from '../../backup/source/source.js';
import { asHoldfastError, HoldfastError } from '../../shared/errors.js';
import type { Retention, RunProgress, RunResult } from '../../shared/model.js';
import { backUp } from './backup.js';
import type { Compilers } from './compilers.js';
import { checkPlace, holdsRepository, localFolder } from './place.js';
import { createSnapshotReader } from './reader.js';
import { keepPolicyFor, snapshotInfo } from './translate.js';

export interface EnginePorts {
  open(): Promise<BackupEngine>;
  readonly logger: Logger;
  readonly compilers: Compilers;
  /** What databases and sites need of this computer. */
  readonly sources: Omit<SourcePorts, 'warn'>;
  /** Where metadata of remote repositories is kept. */
  readonly cacheFolder: string;
  /** Whether another version lies where this program was started from, and will soon run instead; absent where none can. */
  readonly replaced?: () => Promise<boolean>;
}

export const createAgentEngine = (ports: EnginePorts): Engine & { readonly reader: SnapshotReader } => new AgentEngine(ports);

class AgentEngine implements Engine {
  /** On the same thread: one engine for runs, restores and drills. */
  readonly reader = createSnapshotReader({ with: (work) => this.with(work), repository: (access) => this.repository(access) });
  private opened: Promise<BackupEngine> | null = null;
  private closed = false;

  constructor(private readonly ports: EnginePorts) {}

  async backup(order: BackupOrder, onProgress: (progress: RunProgress) => void, signal: AbortSignal): Promise<RunResult> {
    const { logger, replaced, sources } = this.ports;
    if (await replaced?.()) throw anotherVersion();
    return this.with((engine) => backUp(order, { engine, logger, sources, repository: this.repository(order.repository) }, onProgress, signal));
  }

  async prepare(access: RepositoryAccess, like?: RepositoryAccess): Promise<{ created: boolean }> {
    const repository = this.repository(access);
    return this.with(async (engine) => {
      try {
        await engine.config({ repository });
        return { created: false };
      } catch (thrown) {
        if (asHoldfastError(thrown).code !== 'repository-missing') throw thrown;
      }
      await checkPlace(access.url);
      await engine.init({ repository, ...(like && { copyChunkerFrom: this.repository(like) }) });
      return { created: true };
    });
  }

  async exists(place: Omit<RepositoryAccess, 'password'>): Promise<boolean> {
    await checkPlace(place.url);
    const folder = localFolder(place.url);
    if (folder !== null) return holdsRepository(folder);
    return this.with(async (engine) => (await engine.exists({ repository: this.place(place) })).exists);
  }

  probe(place: Omit<RepositoryAccess, 'password'>): Promise<ProbeResult> {
    return this.with((engine) => engine.probe({ repository: { ...this.place(place), cacheFolder: false } }));
  }

  upheaval(access: RepositoryAccess, from: string, to: string, signal: AbortSignal): Promise<Upheaval> {
    return this.with(async (engine) => {
      const found = await engine.upheaval({ repository: this.repository(access), from, to }, { signal });
      return { changed: found.files_changed, removed: found.files_removed, scrambled: found.files_scrambled, changedPaths: found.changed_paths };
    });
  }

  forget(access: RepositoryAccess, retention: Retention, tags: readonly string[], signal: AbortSignal): Promise<{ removed: number }> {
    return this.with(async (engine) => {
      const { removed } = await engine.forget({
        repository: this.repository(access),
        keep: keepPolicyFor(retention),
        filter: { tags: [tags.join(',')] },
        groupBy: [], // the tag says which job; its folders may have changed since
        prune: {},
      }, { signal });
      return { removed: removed.length };
    });
  }

  copy(from: RepositoryAccess, to: RepositoryAccess, tags: readonly string[], signal: AbortSignal): Promise<{ snapshots: number; bytes: number }> {
    return this.with(async (engine) => {
      const { bytes, copied } = await engine.copy({ from: this.repository(from), repository: this.repository(to), filter: { tags: [tags.join(',')] } }, { signal });
      return { snapshots: copied.length, bytes };
    });
  }

  snapshots(access: RepositoryAccess): Promise<SnapshotInfo[]> {
    return this.with(async (engine) => (await engine.snapshots({ repository: this.repository(access) })).map(snapshotInfo));
  }

  async close(): Promise<void> {
    this.closed = true;
    const engine = await this.opened?.catch(() => null);
    await engine?.close();
  }

  private repository({ password, ...place }: RepositoryAccess): EngineAccess {
    return { ...this.place(place), password };
  }

  private place({ url, backend }: Omit<RepositoryAccess, 'password'>): Omit<EngineAccess, 'password'> {
    return { url, cacheFolder: this.ports.cacheFolder, ...(backend && { backend: { ...backend } }) };
  }

  private async with<T>(work: (engine: BackupEngine) => Promise<T>): Promise<T> {
    if (this.closed) throw new HoldfastError('cancelled', 'Holdfast is ending.');
    const done = this.ports.compilers.wake();
    try {
      this.opened ??= this.ports.open();
      return await work(await this.opened);
    } catch (thrown) {
      // What it had not loaded yet is of the other version, or gone.
      const { code, message } = asHoldfastError(thrown);
      if (code !== 'internal' || !(await this.ports.replaced?.())) throw thrown;
      this.ports.logger.log('info', message);
      throw anotherVersion(thrown);
    } finally {
      done();
    }
  }
}

const anotherVersion = (cause?: unknown): HoldfastError =>
  new HoldfastError('cancelled', 'Another version of Holdfast was installed and takes over from this one in a moment.', { cause, retryable: true });
