/**
 * Disks known by what they are, not by where they happen to be mounted: a repository on an external disk is found again under another path,
 * and nothing is ever written into the empty folder where the disk should be.
 */
import { posix } from 'node:path';
import { HoldfastError } from '../../../shared/errors.js';

/** A volume that is attached and mounted now. */
export interface Volume {
  /** The file system's own identity; null where it has none (network mounts, tmpfs). */
  readonly id: string | null;
  readonly mountPoint: string;
  readonly kind: 'disk' | 'network' | 'other';
  /** `ext4`, `apfs`, `nfs4`. */
  readonly type: string;
  readonly readOnly: boolean;
  /** True for the volume that the system itself runs from. */
  readonly system: boolean;
}

/** How an operating system is asked. */
export interface VolumeSource {
  /** The volume that holds a path; the path itself need not exist. */
  of(path: string): Promise<Volume>;
  /** @returns where the volume is mounted now, or null */
  mountPointOf(id: string): Promise<string | null>;
  /** Mount points that are set up but hold nothing at the moment (fstab). */
  configured(): Promise<readonly string[]>;
  /** Changes whenever something is mounted or unmounted. */
  fingerprint(): Promise<string>;
  /** @throws HoldfastError when it is in use */
  eject(id: string): Promise<void>;
}

/** Where a repository lies, so that it is found again. */
export interface Placement {
  readonly volumeId: string;
  /** Relative to the mount point. */
  readonly path: string;
}

/** Folders in which the system makes one mount point for each disk. */
const mountFolders = [/^\/media\/[^/]+(\/[^/]+)?/, /^\/run\/media\/[^/]+\/[^/]+/, /^\/Volumes\/[^/]+/];

export class Volumes {
  constructor(private readonly source: VolumeSource) {}

  /** How to find this path again, or null where it is on the system's own volume or on one without an identity. */
  async place(path: string): Promise<Placement | null> {
    const volume = await this.source.of(path);
    if (volume.id === null || volume.system) return null;
    const within = posix.relative(volume.mountPoint, path);
    // a link from elsewhere: its path says nothing about where on the volume it leads
    return within === '..' || within.startsWith('../') ? null : { volumeId: volume.id, path: within };
  }

  /**
   * Where the repository is now.
   * @returns null while its volume is not attached
   */
  async locate(placement: Placement): Promise<string | null> {
    const mountPoint = await this.source.mountPointOf(placement.volumeId);
    return mountPoint === null ? null : posix.join(mountPoint, placement.path);
  }

  /**
   * Makes sure that a new repository at `path` would lie on a disk that is there.
   * @throws `destination-missing` for the empty mount point of a disk that is not attached, `permission-denied` for a read-only one
   */
  async check(path: string): Promise<Volume> {
    const volume = await this.source.of(path);
    if (volume.system) {
      const configured = (await this.source.configured()).find((point) => point !== '/' && (path === point || path.startsWith(`${point}/`)));
      const usual = mountFolders.map((pattern) => pattern.exec(path)?.[0]).find((found) => found !== undefined);
      const empty = configured ?? usual;
      if (empty !== undefined) throw new HoldfastError('destination-missing', `No disk is mounted at ${empty}. Attach the disk and try again: nothing was written into the empty folder.`);
    }
    if (volume.readOnly) throw new HoldfastError('permission-denied', `The disk at ${volume.mountPoint} is read-only. Mount it for writing and try again.`);
    return volume;
  }

  /** What to know of a destination on a network mount, or null. */
  async caution(path: string): Promise<string | null> {
    const volume = await this.source.of(path);
    if (volume.kind !== 'network') return null;
    return `${volume.mountPoint} is another computer's disk (${volume.type}): it comes and goes with the network, and may lose the last writes in a power cut. SFTP to the same computer is safer.`;
  }

  eject(placement: Placement): Promise<void> {
    return this.source.eject(placement.volumeId);
  }

  /**
   * Calls back whenever something was mounted or unmounted.
   * @param every milliseconds between looks; the kernel's table is small
   * @returns a function that ends the watch
   */
  watch(callback: () => void, every = 3000): () => void {
    let last: string | null = null;
    let ended = false;
    const look = async (): Promise<void> => {
      const now = await this.source.fingerprint().catch(() => last);
      if (ended) return;
      if (last !== null && now !== last) callback();
      last = now;
    };
    void look();
    const timer = setInterval(() => void look(), every);
    timer.unref();
    return () => {
      ended = true;
      clearInterval(timer);
    };
  }
}
