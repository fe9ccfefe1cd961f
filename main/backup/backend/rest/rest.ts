/**
 * A repository on a server that speaks restic's REST protocol, version 1 or 2: rest-server, `rclone serve restic`, a hub's storage.
 * Source: restic `doc/REST_backend.rst`.
 */
import type { IncomingMessage } from 'node:http';
import { rm } from 'node:fs/promises';
import { z } from 'zod';
import { asHoldfastError, HoldfastError } from '../../../shared/errors.js';
import { isSpool, type FileHandle, type FileKind, type ListedFile, type Spool } from '../backend.js';
import { Semaphore } from '../decorators/concurrency.js';
import type { Throttles } from '../decorators/bandwidth.js';
import { codeOf, localError } from '../local-errors.js';
import { parseOptions, remoteOptions, tlsOptions } from '../options.js';
import { bodyStream, readAll, sizeOf } from '../remote/body.js';
import type { RemoteBackend, RemoteSettings } from '../remote/compose.js';
import { describeFile, restPath } from '../remote/layout.js';
import { httpError, networkError } from '../remote/network-errors.js';
import { SpoolSpace } from '../remote/spool.js';
import { HttpClient, type HttpRequest } from './http.js';
import { parseRestUrl, type RestPlace } from './url.js';

export const restOptions = {
  ...remoteOptions,
  ...tlsOptions,
  user: z.string().optional(),
  password: z.string().optional(),
  /** Sent as a bearer token instead of user and password. */
  token: z.string().optional(),
};

const version2 = 'application/vnd.x.restic.rest.v2';
const names = z.array(z.string());
const namesAndSizes = z.array(z.object({ name: z.string(), size: z.number().int().min(0) }));

type Range = { offset: number; length: number };

export class RestBackend implements RemoteBackend {
  readonly location: string;
  readonly settings: RemoteSettings;
  private readonly place: RestPlace;
  private readonly client: HttpClient;
  private readonly spool = new SpoolSpace();
  private readonly authorization: Record<string, string>;

  /**
   * @param given see `restOptions`; where neither they nor the URL name a user, RESTIC_REST_USERNAME and RESTIC_REST_PASSWORD count
   * @throws `usage`
   */
  constructor(url: string, given: Readonly<Record<string, string>> = {}, private readonly limits: Throttles = {}, env: NodeJS.ProcessEnv = process.env) {
    const options = parseOptions('REST', restOptions, given);
    this.place = parseRestUrl(url);
    this.location = this.place.location;
    this.settings = { connections: options.connections, retrySeconds: options['retry-seconds'] };
    const inUrl = this.place.user !== undefined || this.place.password !== undefined;
    const user = options.user ?? this.place.user ?? (inUrl ? undefined : env['RESTIC_REST_USERNAME']);
    const password = options.password ?? this.place.password ?? (inUrl ? undefined : env['RESTIC_REST_PASSWORD']);
    this.authorization = authorization(user, password, options.token);
    this.client = new HttpClient({ caCertificate: options['ca-certificate'], certificatePin: options['certificate-pin'] }, options.connections, options['stall-seconds'] * 1000);
  }

  async create(): Promise<void> {
    const url = new URL(this.place.base);
    url.searchParams.set('create', 'true');
    const answer = await this.ask({ method: 'POST', url, headers: { 'Content-Length': '0' } });
    if (!isFine(answer)) throw await this.refusal(answer, 'Making the repository');
    await this.drain(answer);
  }

  async save(file: FileHandle, content: Uint8Array | Spool, signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted();
    const answer = await this.ask({
      method: 'POST', url: this.urlOf(file), signal,
      headers: { 'Content-Type': 'application/octet-stream', 'Content-Length': String(sizeOf(content)) },
      body: isSpool(content) || this.limits.upload ? bodyStream(content, this.limits.upload, signal) : content,
    });
    if (!isFine(answer)) {
      const refusal = await this.refusal(answer, `Saving ${describeFile(file)}`);
      // Append-only servers refuse to write a file again. Names are hashes of contents: if one of that size is there, an earlier
      // attempt has come through and only its answer was lost.
      if (answer.statusCode !== 403 || file.kind === 'config' || !(await this.isThere(file, sizeOf(content), signal))) throw refusal;
    } else await this.drain(answer);
    if (isSpool(content)) await rm(content.path, { force: true });
  }

  async load(file: FileHandle, range?: Range, signal?: AbortSignal): Promise<Buffer> {
    signal?.throwIfAborted();
    if (range?.length === 0) {
      await this.stat(file, signal);
      return Buffer.alloc(0);
    }
    const headers: Record<string, string> = range ? { Range: `bytes=${range.offset}-${range.offset + range.length - 1}` } : {};
    const answer = await this.ask({ method: 'GET', url: this.urlOf(file), headers, signal });
    if (answer.statusCode === 416) throw this.tooShort(file, answer);
    if (!isFine(answer)) throw await this.refusal(answer, `Reading ${describeFile(file)}`, file);
    const bytes = await this.body(answer, signal);
    if (!range) return bytes;
    const part = answer.statusCode === 206 ? bytes : bytes.subarray(range.offset, range.offset + range.length); // some servers know no ranges
    if (part.length < range.length) throw this.tooShort(file);
    return part;
  }

  async stat(file: FileHandle, signal?: AbortSignal): Promise<{ size: number }> {
    const answer = await this.ask({ method: 'HEAD', url: this.urlOf(file), headers: {}, signal });
    if (!isFine(answer)) throw await this.refusal(answer, `Looking for ${describeFile(file)}`, file);
    await this.drain(answer);
    const size = Number(answer.headers['content-length']);
    if (!Number.isSafeInteger(size)) throw new HoldfastError('destination-failed', `The server ${this.place.base.host} does not say how large ${describeFile(file)} is. Check that it is a restic REST server.`, { retryable: false });
    return { size };
  }

  async *list(kind: FileKind, signal?: AbortSignal): AsyncIterable<ListedFile> {
    const answer = await this.ask({ method: 'GET', url: new URL(`${kind}/`, this.place.base), headers: {}, signal });
    // rclone answers "not found" to mask failures of its own; to others it means that there are no such files yet
    if (answer.statusCode === 404 && !String(answer.headers.server ?? '').startsWith('rclone/')) return this.drain(answer);
    if (!isFine(answer)) throw await this.refusal(answer, `Listing ${kind}`);
    const isVersion2 = (answer.headers['content-type'] ?? '').startsWith(version2);
    const text = (await this.body(answer, signal)).toString('utf8');
    if (isVersion2) yield* this.parse(namesAndSizes, text);
    else yield* this.sizesOf(kind, this.parse(names, text), signal);
  }

  async remove(file: FileHandle, signal?: AbortSignal): Promise<void> {
    const answer = await this.ask({ method: 'DELETE', url: this.urlOf(file), headers: {}, signal });
    if (!isFine(answer) && answer.statusCode !== 404) throw await this.refusal(answer, `Removing ${describeFile(file)}`);
    await this.drain(answer);
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
    this.client.close();
    await this.spool.discard();
  }

  private urlOf(file: FileHandle): URL {
    return new URL(restPath(file), this.place.base);
  }

  private async isThere(file: FileHandle, size: number, signal?: AbortSignal): Promise<boolean> {
    return this.stat(file, signal).then((found) => found.size === size, () => false);
  }

  private async ask(order: HttpRequest): Promise<IncomingMessage> {
    try {
      return await this.client.send({ ...order, headers: { Accept: version2, ...this.authorization, ...order.headers } });
    } catch (error) {
      throw this.trouble(error, order.signal);
    }
  }

  private async body(answer: IncomingMessage, signal?: AbortSignal): Promise<Buffer> {
    const announced = answer.headers['content-length'];
    try {
      return await readAll(answer, this.limits.download, announced === undefined ? null : Number(announced), signal);
    } catch (error) {
      throw this.trouble(error, signal);
    }
  }

  private async drain(answer: IncomingMessage): Promise<void> {
    try {
      for await (const piece of answer) void piece;
    } catch (error) {
      throw this.trouble(error);
    }
  }

  private trouble(error: unknown, signal?: AbortSignal): unknown {
    if (signal?.aborted) return signal.reason;
    if (error instanceof HoldfastError) return error;
    const network = networkError(error, this.place.base.host);
    if (network) return network;
    return codeOf(error)?.startsWith('E') ? localError(error, 'the temporary folder') : asHoldfastError(error);
  }

  /** What an answer that is not fine means. */
  private async refusal(answer: IncomingMessage, doing: string, file?: FileHandle): Promise<HoldfastError> {
    const { host } = this.place.base;
    const status = answer.statusCode ?? 0;
    const text = (await readAll(answer, undefined, null).catch(() => Buffer.alloc(0))).toString('utf8').split('\n', 1)[0]?.trim() ?? '';
    const said = text === '' || text.length > 200 || text.startsWith('<') ? '' : text.replace(/[.!]$/, '');
    if (status === 404 && file) return new HoldfastError('not-found', `${capital(describeFile(file))} does not exist at ${this.location}.`);
    if (status === 404) return new HoldfastError('destination-missing', `The server ${host} knows nothing of ${this.place.base.pathname}. Check the path.`, { retryable: false });
    if (status === 403) return new HoldfastError('permission-denied', `${doing} is not allowed at ${host}: the storage may be append-only. Ask whoever runs it.`);
    if (status >= 300 && status < 400) return new HoldfastError('destination-failed', `The server ${host} sends us to another address. Use that one: ${answer.headers.location ?? 'it does not say which'}.`, { retryable: false });
    if (status === 500 && (said === '' || said === 'Internal Server Error')) return new HoldfastError('destination-failed', `${doing} failed at ${host}, which does not say why: its disk may be full or read-only. Look into the server's log, and try again.`, { retryable: true });
    return httpError(status, host, said)
      ?? new HoldfastError('destination-failed', `${doing} failed: ${host} answers with ${status}${said === '' ? '' : `, ${said}`}. Check that it is a restic REST server.`, { retryable: false });
  }

  private tooShort(file: FileHandle, answer?: IncomingMessage): HoldfastError {
    answer?.resume();
    return new HoldfastError('repository-damaged', `${capital(describeFile(file))} at ${this.location} is shorter than it should be. Run check to see how much is affected.`);
  }

  private parse<T>(schema: z.ZodType<T>, text: string): T {
    let json: unknown;
    try {
      json = JSON.parse(text);
    } catch {
      json = undefined;
    }
    const parsed = schema.safeParse(json ?? (text.trim() === 'null' ? [] : undefined)); // Go writes an empty list as null
    if (!parsed.success) throw new HoldfastError('destination-failed', `The server ${this.place.base.host} answers with something that is no list of files. Check that it is a restic REST server.`, { retryable: false });
    return parsed.data;
  }

  /** Version 1 lists names only: each file is asked for its size. */
  private async *sizesOf(kind: FileKind, all: string[], signal?: AbortSignal): AsyncIterable<ListedFile> {
    const slots = new Semaphore(this.settings.connections);
    for (let at = 0; at < all.length; at += 1000) {
      const some = await Promise.all(all.slice(at, at + 1000).map((name) => slots.with(async () => {
        try {
          return { name, size: (await this.stat({ kind, name }, signal)).size };
        } catch (error) {
          if (error instanceof HoldfastError && error.code === 'not-found') return null; // removed in between
          throw error;
        }
      }, signal)));
      for (const file of some) if (file) yield file;
    }
  }
}

function isFine(answer: IncomingMessage): boolean {
  return answer.statusCode !== undefined && answer.statusCode >= 200 && answer.statusCode < 300;
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

function authorization(user: string | undefined, password: string | undefined, token: string | undefined): Record<string, string> {
  if (token !== undefined) return { Authorization: `Bearer ${token}` };
  if (user === undefined && password === undefined) return {};
  return { Authorization: `Basic ${Buffer.from(`${user ?? ''}:${password ?? ''}`).toString('base64')}` };
}
