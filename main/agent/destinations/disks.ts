/**
 * Destinations on disks that come and go. Such a repository is where its disk is mounted now, and nowhere while the disk is
 * away: the path by which a job names it may be an empty folder by then.
 */
import { asHoldfastError, HoldfastError } from '../../shared/errors.js';
import type { Destination, Run } from '../../shared/model.js';
import { ageText } from '../../shared/text.js';
import type { Clock, Disks } from '../ports.js';
import type { KnownDisk, KnownDisks } from './known-disk.js';

export interface DiskPorts {
  readonly clock: Pick<Clock, 'now'>;
  readonly volumes: Disks;
  /** By the destination's id. */
  known(): KnownDisks;
  /** Resolves once the change is on disk. */
  remember(change: (known: KnownDisks) => KnownDisks): Promise<void>;
}

type Where = Pick<Destination, 'id' | 'url'>;

export class DiskDestinations {
  /** Where each repository was when it was last used, by the destination's id. */
  private readonly found = new Map<string, string>();

  constructor(private readonly ports: DiskPorts) {}

  /** @returns null for a destination that is on no such disk, or was never seen. */
  known({ id, url }: Where): KnownDisk | null {
    const disk = this.ports.known()[id];
    return disk === undefined || disk.url !== url ? null : disk;
  }

  view(destination: Where): Pick<KnownDisk, 'label' | 'awaySince'> | null {
    const disk = this.known(destination);
    return disk === null ? null : { label: disk.label, awaySince: disk.awaySince };
  }

  /**
   * The repository's path now; the address as it stands where no disk is known.
   * @throws HoldfastError `destination-missing` while its disk is away.
   */
  async find(destination: Where): Promise<string> {
    const disk = this.known(destination);
    if (disk === null) return destination.url;
    const path = await this.locate(destination.id, disk);
    this.found.delete(destination.id);
    if (path === null) throw new HoldfastError('destination-missing', `${this.sentence(destination, disk)} Attach it and try again.`);
    this.found.set(destination.id, path);
    return path;
  }

  /** Remembers the disk of a repository that is there at the destination's address. */
  async learn({ id, url }: Where): Promise<void> {
    if (!isLocal(url) || this.known({ id, url }) !== null) return;
    const path = pathOf(url);
    const placement = await this.ports.volumes.place(path);
    if (placement === null) return;
    const mountPoint = placement.path === '' ? path : path.slice(0, -placement.path.length);
    const label = mountPoint.split('/').filter(Boolean).at(-1) ?? mountPoint;
    this.found.set(id, path);
    await this.ports.remember((known) => ({ ...known, [id]: { url, volumeId: placement.volumeId, path: placement.path, label, awaySince: null, returnedAt: null } }));
  }

  /** A person chooses this address anew: a disk that is away stands for it no longer. */
  async forgetAway(destination: Where): Promise<void> {
    const disk = this.known(destination);
    if (disk === null || (await this.locate(destination.id, disk)) !== null) return;
    await this.ports.remember((known) => Object.fromEntries(Object.entries(known).filter(([id]) => id !== destination.id)));
  }

  /** @throws HoldfastError `destination-missing` for the empty mount point of a disk that is away. */
  async check(url: string): Promise<void> {
    await this.ports.volumes.check(pathOf(url));
  }

  /** Looks for every known disk. */
  async look(): Promise<void> {
    for (const [id, disk] of Object.entries(this.ports.known())) await this.locate(id, disk);
  }

  /** Why a scheduled run must wait, or null. */
  async obstacle(destination: Where): Promise<string | null> {
    const disk = this.known(destination);
    if (disk === null || (await this.locate(destination.id, disk)) !== null) return null;
    return `waiting for the disk "${disk.label}", away for ${this.away(destination)}`;
  }

  /** What a failed run is to say: whatever a disk that went away made the engine stumble over, the disk is the cause. */
  async explain(destination: Where, thrown: unknown): Promise<HoldfastError> {
    const error = asHoldfastError(thrown);
    const disk = this.known(destination);
    if (disk === null || error.code === 'cancelled') return error;
    const before = this.found.get(destination.id);
    const now = await this.locate(destination.id, disk);
    if (now !== null && (before === undefined || now === before)) return error;
    this.found.delete(destination.id);
    if (now !== null) await this.mark(destination.id, { returnedAt: this.time() }); // away and back before anybody looked
    const what = before === undefined ? this.sentence(destination, disk) : `The disk "${disk.label}" was taken away during the backup.`;
    return new HoldfastError('destination-missing', `${what} Attach it: the backup then begins by itself.`, { cause: error });
  }

  /**
   * Unmounts it, so that it can be taken away.
   * @throws HoldfastError `usage` for a destination on no such disk; `destination-failed` when it is in use.
   */
  async eject(destination: Where): Promise<{ label: string }> {
    const disk = this.known(destination);
    if (disk === null) throw new HoldfastError('usage', 'That destination is not on a disk that can be ejected.');
    await this.ports.volumes.eject(disk);
    await this.locate(destination.id, disk);
    return { label: disk.label };
  }

  /** Where the repository is; notes when its disk comes or goes. */
  private async locate(id: string, disk: KnownDisk): Promise<string | null> {
    const path = await this.ports.volumes.locate(disk);
    const { awaySince } = this.ports.known()[id] ?? disk;
    if (path === null && awaySince === null) await this.mark(id, { awaySince: this.time() });
    if (path !== null && awaySince !== null) await this.mark(id, { awaySince: null, returnedAt: this.time() });
    return path;
  }

  private mark(id: string, change: Partial<KnownDisk>): Promise<void> {
    return this.ports.remember((known) => {
      const disk = known[id];
      return disk === undefined ? known : { ...known, [id]: { ...disk, ...change } };
    });
  }

  private sentence(destination: Where, { label }: KnownDisk): string {
    return `The disk "${label}" has been away for ${this.away(destination)}.`;
  }

  private away(destination: Where): string {
    const since = this.known(destination)?.awaySince ?? null;
    return ageText(since === null ? 0 : this.ports.clock.now() - Date.parse(since), 'bare');
  }

  private time(): string {
    return new Date(this.ports.clock.now()).toISOString();
  }
}

/**
 * A run that failed because its disk was away is owed as soon as the disk is back, whatever the schedule says. One that fails
 * with the disk in place is not: that would go round and round.
 * @returns since when, ms; null when none is owed.
 */
export function owedSince(newest: Pick<Run, 'state' | 'error' | 'queuedAt' | 'startedAt'> | null, disk: KnownDisk | null): number | null {
  if (disk === null || newest?.state !== 'failed' || newest.error?.code !== 'destination-missing') return null;
  const began = Date.parse(newest.startedAt ?? newest.queuedAt);
  const isBack = disk.returnedAt !== null && Date.parse(disk.returnedAt) > began;
  return disk.awaySince !== null || isBack ? began : null;
}

/** The same for a copy that could not be made because its disk was away: it is owed once the disk is back. */
export function copyOwedSince(newest: Pick<Run, 'result' | 'queuedAt' | 'startedAt'> | null, copies: readonly { readonly id: string; readonly disk: KnownDisk | null }[]): number | null {
  if (newest?.result == null) return null;
  const began = Date.parse(newest.startedAt ?? newest.queuedAt);
  const missed = newest.result.copies.filter(({ problem }) => problem !== null);
  const isBack = copies.some(({ disk, id }) => disk?.awaySince === null && disk.returnedAt !== null && Date.parse(disk.returnedAt) > began && missed.some(({ destinationId }) => destinationId === id));
  return isBack ? began : null;
}

/** A folder, by its path or as `local:/path`. */
export const isLocal = (url: string): boolean => url.startsWith('/') || url.startsWith('local:/');
const pathOf = (url: string): string => url.replace(/^local:/, '').replace(/(.)\/+$/, '$1');
