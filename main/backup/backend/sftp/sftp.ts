/** A repository on a server that is reached by SSH, in restic's layout. Saving is: write aside, sync, rename. */
import { rm } from 'node:fs/promises';
import { posix } from 'node:path';
import type { Stats } from 'ssh2';
import { z } from 'zod';
import { asHoldfastError, HoldfastError } from '../../../shared/errors.js';
import { isSpool, type FileHandle, type FileKind, type ListedFile, type Spool } from '../backend.js';
import { pooled } from '../../pooled.js';
import type { Throttles } from '../decorators/bandwidth.js';
import { codeOf, localError } from '../local-errors.js';
import { parseOptions, remoteOptions } from '../options.js';
import { sizeOf } from '../remote/body.js';
import type { RemoteBackend, RemoteSettings } from '../remote/compose.js';
import { allFolders, defaultPath, describeFile } from '../remote/layout.js';
import { SpoolSpace } from '../remote/spool.js';
import { Aside } from './aside.js';
import type { Channel } from './channel.js';
import { connectSftp, type Connection, type SshSettings } from './connection.js';
import { sftpError, status, statusOf } from './errors.js';
import { makeFolder, rename } from './folders.js';
import { readFile, readFolder, readRange, writeFile } from './transfer.js';
import { parseSftpUrl, type SftpPlace } from './url.js';

export const sftpOptions = {
  ...remoteOptions,
  /** Text of a private key, or the path of one. Without either: ssh's agent and usual files. */
  'private-key': z.string().optional(),
  'private-key-file': z.string().optional(),
  passphrase: z.string().optional(),
  password: z.string().optional(),
  /** Socket of an ssh agent; default SSH_AUTH_SOCK. */
  agent: z.string().optional(),
  /** Fingerprints (SHA256:…) of the host's keys, separated by commas. Without it known_hosts counts. */
  'host-key': z.string().regex(/^SHA256:[A-Za-z0-9+/]{43}(,SHA256:[A-Za-z0-9+/]{43})*$/, 'is a fingerprint as ssh shows it, SHA256:…').optional(),
  'known-hosts-file': z.string().optional(),
  'ssh-config-file': z.string().optional(),
};

/** Folders that are listed or made at the same time. */
const foldersAtOnce = 32;

export class SftpBackend implements RemoteBackend {
  readonly location: string;
  readonly settings: RemoteSettings;
  private readonly place: SftpPlace;
  private readonly ssh: SshSettings;
  private readonly spool = new SpoolSpace();
  private connecting: Promise<Connection> | null = null;
  /** Of this connection. */
  private aside: Aside | null = null;

  /** @throws `usage` */
  constructor(url: string, given: Readonly<Record<string, string>> = {}, private readonly limits: Throttles = {}, private readonly env: NodeJS.ProcessEnv = process.env) {
    const options = parseOptions('SFTP', sftpOptions, given);
    this.place = parseSftpUrl(url);
    this.location = this.place.location;
    this.settings = { connections: options.connections, retrySeconds: options['retry-seconds'] };
    this.ssh = {
      privateKey: options['private-key'], privateKeyFile: options['private-key-file'], passphrase: options.passphrase, password: options.password,
      agent: options.agent, hostKeys: options['host-key']?.split(',') ?? [], knownHostsFile: options['known-hosts-file'],
      configFile: options['ssh-config-file'], stallMs: options['stall-seconds'] * 1000,
    };
  }

  async create(): Promise<void> {
    await this.work('Making the folders', 0, async (sftp) => {
      const { path } = this.place;
      const parts = path.split('/');
      for (let i = 1; i <= parts.length; i++) await makeFolder(sftp, parts.slice(0, i).join('/') || '/');
      const [top, shards] = [allFolders().filter((name) => !name.includes('/')), allFolders().filter((name) => name.includes('/'))];
      for (const folders of [top, shards]) await pooled(folders, foldersAtOnce, (name) => makeFolder(sftp, posix.join(path, name)));
    });
  }

  async save(file: FileHandle, content: Uint8Array | Spool, signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted();
    await this.work(`Saving ${describeFile(file)}`, sizeOf(content), async (sftp) => {
      const aside = this.asideOn(sftp);
      const { path, handle } = await aside.take();
      const target = this.pathOf(file);
      const move = (): Promise<void> => this.move(sftp, path, target);
      try {
        // A lock is gone after a power cut anyhow: it need not be synced, nor its rename wait for that.
        if (file.kind === 'locks') await writeFile(sftp, handle, content, { throttle: this.limits.upload, andAtOnce: move }, signal);
        else {
          await writeFile(sftp, handle, content, { throttle: this.limits.upload }, signal);
          await move();
        }
      } catch (error) {
        aside.drop(path);
        if (file.kind === 'locks') aside.drop(target);
        throw error;
      }
    }, signal);
    if (isSpool(content)) await rm(content.path, { force: true });
  }

  async load(file: FileHandle, range?: { offset: number; length: number }, signal?: AbortSignal): Promise<Buffer> {
    signal?.throwIfAborted();
    return this.work(`Reading ${describeFile(file)}`, 0, async (sftp) => {
      const handle = await sftp.ask<Buffer>((raw, done) => raw.open(this.pathOf(file), 'r', done)).catch((error: unknown) => { throw this.ifMissing(error, file); });
      try {
        const bytes = range
          ? await readRange(sftp, handle, range.offset, range.length, this.limits.download, signal)
          : await readFile(sftp, handle, this.limits.download, signal);
        if (bytes === null) throw new HoldfastError('repository-damaged', `${capital(describeFile(file))} at ${this.location} is shorter than it should be. Run check to see how much is affected.`);
        return bytes;
      } finally {
        sftp.tell((raw, ignore) => raw.close(handle, ignore));
      }
    }, signal);
  }

  async stat(file: FileHandle, signal?: AbortSignal): Promise<{ size: number }> {
    return this.work(`Looking for ${describeFile(file)}`, 0, async (sftp) => {
      const found = await sftp.ask<Stats>((raw, done) => raw.stat(this.pathOf(file), done)).catch((error: unknown) => { throw this.ifMissing(error, file); });
      return { size: found.size };
    }, signal);
  }

  async *list(kind: FileKind, signal?: AbortSignal): AsyncIterable<ListedFile> {
    const base = posix.join(this.place.path, kind);
    const listFolders = (folders: string[]): Promise<ListedFile[][]> => this.work(`Listing ${kind}`, 0, async (sftp) => Promise.all(folders.map(async (folder) => {
      const entries = await readFolder(sftp, folder);
      return entries.filter(({ attrs }) => attrs.isFile()).map(({ filename, attrs }) => ({ name: filename, size: attrs.size }));
    })), signal);
    if (kind !== 'data') {
      for (const files of await listFolders([base])) yield* files;
      return;
    }
    const shards = (await this.work('Listing data', 0, (sftp) => readFolder(sftp, base), signal)).map(({ filename }) => filename).filter((name) => /^[0-9a-f]{2}$/.test(name)).sort();
    for (let at = 0; at < shards.length; at += foldersAtOnce) {
      signal?.throwIfAborted();
      for (const files of await listFolders(shards.slice(at, at + foldersAtOnce).map((name) => posix.join(base, name)))) yield* files;
    }
  }

  async remove(file: FileHandle, signal?: AbortSignal): Promise<void> {
    await this.work(`Removing ${describeFile(file)}`, 0, async (sftp) => {
      await sftp.ask((raw, done) => raw.unlink(this.pathOf(file), (error) => done(error, undefined))).catch((error: unknown) => {
        if (statusOf(error) !== status.noSuchFile) throw error;
      });
    }, signal);
  }

  spoolFolder(): Promise<string> {
    return this.spool.folder();
  }

  discardSpool(): Promise<void> {
    return this.spool.discard();
  }

  localPath(): null {
    return null;
  }

  async close(): Promise<void> {
    const connection = await this.connecting?.catch(() => null);
    if (connection) await Promise.race([connection.gone, this.aside?.end()]);
    this.connecting = null;
    this.aside = null;
    connection?.end();
    await this.spool.discard();
  }

  private pathOf(file: FileHandle): string {
    return posix.join(this.place.path, defaultPath(file));
  }

  private ifMissing(error: unknown, file: FileHandle): unknown {
    return statusOf(error) === status.noSuchFile ? new HoldfastError('not-found', `${capital(describeFile(file))} does not exist at ${this.location}.`) : error;
  }

  /** Renames over an existing file where the server can; the shard's folder is made if it is missing. */
  private async move(sftp: Channel, from: string, to: string): Promise<void> {
    try {
      await rename(sftp, from, to);
    } catch (error) {
      if (statusOf(error) !== status.noSuchFile) throw error;
      await sftp.ask<Stats>((raw, done) => raw.stat(this.place.path, done)); // gone altogether: say so rather than make it anew
      await makeFolder(sftp, posix.dirname(to));
      await rename(sftp, from, to);
    }
  }

  private asideOn(sftp: Channel): Aside {
    this.aside ??= new Aside(sftp, posix.join(this.place.path, 'tmp'));
    return this.aside;
  }

  private async connection(): Promise<Connection> {
    this.connecting ??= connectSftp(this.place, this.ssh, this.env);
    const mine = this.connecting;
    const forget = (): void => {
      if (this.connecting !== mine) return;
      this.connecting = null;
      this.aside = null;
    };
    const connection = await mine.catch((error: unknown) => {
      forget();
      throw error;
    });
    void connection.gone.then(forget);
    return connection;
  }

  private async work<T>(doing: string, needed: number, work: (sftp: Channel) => Promise<T>, signal?: AbortSignal): Promise<T> {
    let sftp: Channel | null = null;
    try {
      const connection = await this.connection();
      signal?.throwIfAborted();
      ({ sftp } = connection);
      return await work(sftp);
    } catch (error) {
      if (signal?.aborted) throw signal.reason;
      const meant = await sftpError(error, { sftp, host: this.place.host, root: this.place.path, location: this.location, doing, needed });
      if (meant instanceof HoldfastError) throw meant;
      throw codeOf(meant)?.startsWith('E') ? localError(meant, 'the temporary folder') : asHoldfastError(meant);
    }
  }
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
