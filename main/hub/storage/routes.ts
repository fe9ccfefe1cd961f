/**
 * restic's REST protocol, versions 1 and 2, append-only: what is stored can be read and added to, never changed or removed; only locks go.
 * Source: restic doc/REST_backend.rst. Answers are written to the socket as they are, so that a file never is in memory.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { FastifyInstance } from 'fastify';
import { storagePath } from '../../shared/protocol/storage.js';
import type { FailureLimit } from '../api/failure-limit.js';
import type { HubClock, HubLogger } from '../options.js';
import { codeOf, type ListedFile, type StorageDisk } from './disk.js';
import { largest, parseTarget, type StorageTarget, type StoredKind } from './layout.js';
import type { Ledger } from './ledger.js';
import { watchPace } from './pace.js';
import { parseRange } from './range.js';
import type { StorageRecords } from './records.js';
import { Refusal } from './refusal.js';

/** Requests of one computer at the same time; restic makes 5 unless told otherwise. */
const mostAtOnce = 64;
const version1 = 'application/vnd.x.restic.rest.v1';
const version2 = 'application/vnd.x.restic.rest.v2';
/** A listing goes out in pieces of about so many characters. */
const piece = 16 * 1024;

export interface StorageRoutePorts {
  readonly disk: StorageDisk;
  readonly ledger: Ledger;
  readonly records: StorageRecords;
  readonly limit: FailureLimit;
  readonly logger: HubLogger;
  readonly clock: HubClock;
}

type FileTarget = StorageTarget & { what: 'file' };

export async function addStorageRoutes(app: FastifyInstance, ports: StorageRoutePorts): Promise<void> {
  const service = new StorageService(ports);
  await app.register((scope, _options, done) => {
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser('*', (_request, _payload, parsed) => parsed(null)); // bodies are read by whoever stores them
    scope.route({
      method: ['GET', 'HEAD', 'POST', 'DELETE'], url: `${storagePath}*`, exposeHeadRoute: false,
      handler: async (request, reply) => {
        reply.hijack();
        await service.serve(request.raw, reply.raw, request.ip);
      },
    });
    done();
  });
}

class StorageService {
  private readonly open = new Map<number, number>();

  constructor(private readonly ports: StorageRoutePorts) {}

  async serve(request: IncomingMessage, response: ServerResponse, address: string): Promise<void> {
    const done = watchPace(request.socket, this.ports.clock);
    response.once('close', done);
    try {
      const { pathname } = new URL(request.url ?? '/', 'http://hub');
      const target = parseTarget(pathname);
      if (target === null) throw new Refusal(404, 'There is nothing at this address of hub storage.');
      await this.admit(request, target.agentId, address);
      await this.inTurn(target.agentId, () => this.answer(request, response, target));
    } catch (error) {
      this.refuse(request, response, error);
    } finally {
      done();
    }
  }

  private async admit({ headers: { authorization } }: IncomingMessage, agentId: number, address: string): Promise<void> {
    const basic = /^Basic ([A-Za-z0-9+/=]{1,400})$/i.exec(authorization ?? '')?.[1];
    const [, user, password] = /^([^:]*):(.*)$/s.exec(Buffer.from(basic ?? '', 'base64').toString('utf8')) ?? [];
    if (user === String(agentId) && password !== undefined && (await this.ports.records.opens(agentId, password))) return;
    const challenge = { 'www-authenticate': 'Basic realm="Holdfast hub storage"' };
    if (basic === undefined) throw new Refusal(401, 'Hub storage needs a user name and a password.', challenge);
    if (!this.ports.limit.failed(address)) throw new Refusal(429, 'Too many wrong passwords came from this address. Wait a minute.', { 'retry-after': '60' });
    this.ports.logger.log('warn', `Hub storage: wrong credentials came from ${address}`);
    throw new Refusal(401, 'The user name or the password of hub storage is wrong.', challenge);
  }

  private async inTurn(agentId: number, work: () => Promise<void>): Promise<void> {
    const count = this.open.get(agentId) ?? 0;
    if (count >= mostAtOnce) throw new Refusal(503, 'Too many requests of this computer are open at the same time.', { 'retry-after': '5' });
    this.open.set(agentId, count + 1);
    try {
      await work();
    } finally {
      const left = (this.open.get(agentId) ?? 1) - 1;
      if (left === 0) this.open.delete(agentId);
      else this.open.set(agentId, left);
    }
  }

  private async answer(request: IncomingMessage, response: ServerResponse, target: StorageTarget): Promise<void> {
    const { method } = request;
    if (method === 'POST') {
      if (target.what === 'repository') return this.create(request, response, target.agentId);
      if (target.what === 'file') return this.store(request, response, target);
    } else if (method === 'DELETE') {
      if (target.what === 'file') return this.remove(response, target);
      throw new Refusal(403, 'This storage is append-only. Its owner removes things on the hub\'s computer.');
    } else if (target.what === 'file') {
      return this.send(request, response, target);
    } else if (target.what === 'list') {
      return this.list(request, response, target.agentId, target.kind);
    }
    throw new Refusal(405, 'This cannot be done at this address of hub storage.');
  }

  private async create(request: IncomingMessage, response: ServerResponse, agentId: number): Promise<void> {
    if (!/[?&]create=true(&|$)/.test(request.url ?? '')) throw new Refusal(400, 'Only making a repository is possible here: ?create=true.');
    await this.limits(agentId);
    await this.ports.disk.create(agentId);
    response.writeHead(200, { 'content-length': 0 }).end();
  }

  private async store(request: IncomingMessage, response: ServerResponse, { agentId, file }: FileTarget): Promise<void> {
    const { disk, ledger, records } = this.ports;
    const announced = request.headers['content-length'];
    if (announced === undefined || !/^\d{1,15}$/.test(announced)) throw new Refusal(411, 'The size of the file must be announced (Content-Length).');
    const size = Number(announced);
    if (size > largest[file.kind]) throw new Refusal(413, 'The file is larger than hub storage takes.');
    const limits = await this.limits(agentId);
    // The same file once more adds nothing, so it needs no room.
    const hold = (await disk.size(agentId, file)) === null ? await ledger.hold(agentId, file.kind, size, limits) : null;
    try {
      if (await disk.write(agentId, file, size, request)) hold?.keep();
    } finally {
      hold?.release();
    }
    await records.wrote(agentId);
    response.writeHead(200, { 'content-length': 0 }).end();
  }

  private async remove(response: ServerResponse, { agentId, file }: FileTarget): Promise<void> {
    if (file.kind !== 'locks') throw new Refusal(403, 'This storage is append-only: only locks can be removed. Its owner removes old backups on the hub\'s computer.');
    this.ports.ledger.removed(agentId, await this.ports.disk.remove(agentId, file));
    response.writeHead(200, { 'content-length': 0 }).end();
  }

  private async send(request: IncomingMessage, response: ServerResponse, { agentId, file }: FileTarget): Promise<void> {
    if (request.method === 'HEAD') {
      const size = await this.ports.disk.size(agentId, file);
      if (size === null) throw new Refusal(404, 'There is no such file.');
      response.writeHead(200, { 'content-length': size, 'content-type': 'application/octet-stream', 'accept-ranges': 'bytes' }).end();
      return;
    }
    const handle = await this.ports.disk.open(agentId, file);
    try {
      const { size } = await handle.stat();
      const range = parseRange(request.headers.range, size);
      if (range === 'unsatisfiable') throw new Refusal(416, 'The file is shorter than that.', { 'content-range': `bytes */${size}` });
      const { start, length } = range ?? { start: 0, length: size };
      response.writeHead(range === null ? 200 : 206, {
        'content-type': 'application/octet-stream', 'content-length': length, 'accept-ranges': 'bytes',
        ...(range === null ? {} : { 'content-range': `bytes ${start}-${start + length - 1}/${size}` }),
      });
      if (length === 0) response.end();
      else await pipeline(handle.createReadStream({ start, end: start + length - 1, autoClose: false }), response);
    } finally {
      await handle.close();
    }
  }

  private async list(request: IncomingMessage, response: ServerResponse, agentId: number, kind: StoredKind): Promise<void> {
    const withSizes = (request.headers.accept ?? '').includes(version2);
    response.writeHead(200, { 'content-type': withSizes ? version2 : version1 });
    if (request.method === 'HEAD') response.end();
    else await pipeline(Readable.from(listing(this.ports.disk.list(agentId, kind), withSizes)), response);
  }

  /** @throws Refusal 403 where storage is switched off. */
  private async limits(agentId: number): ReturnType<StorageRecords['limits']> {
    const limits = await this.ports.records.limits(agentId, (await this.ports.disk.space())?.all ?? null);
    if (!limits.offered) throw new Refusal(403, 'This hub offers no storage: its owner has switched it off.');
    return limits;
  }

  private refuse(request: IncomingMessage, response: ServerResponse, error: unknown): void {
    const refusal = error instanceof Refusal ? error : this.translate(error);
    if (refusal === null || response.headersSent) {
      response.destroy(); // half an answer must not look like a whole one; or nobody is there any more
      return;
    }
    const body = Buffer.from(`${refusal.message}\n`);
    // The rest of an upload is read and thrown away: a connection that is cut gives the other side no answer.
    request.resume();
    response.writeHead(refusal.status, refusal.message.replace(/[^\x20-\x7e]/g, '?'), { ...refusal.headers, 'content-type': 'text/plain; charset=utf-8', 'content-length': body.length })
      .end(request.method === 'HEAD' ? undefined : body);
  }

  /** @returns null for a connection that ended early. */
  private translate(error: unknown): Refusal | null {
    const code = codeOf(error);
    if (code === 'ECONNRESET' || code === 'ERR_STREAM_PREMATURE_CLOSE' || code === 'EPIPE' || code === 'ABORT_ERR') return null;
    const text = error instanceof Error ? error.message : String(error);
    this.ports.logger.log('error', `Hub storage: ${text}`);
    if (code === 'ENOSPC' || code === 'EDQUOT') return new Refusal(507, 'The disk of hub storage is full. Tell the hub\'s owner.');
    if (code === 'EROFS') return new Refusal(500, 'The disk of hub storage is read-only. Tell the hub\'s owner.');
    if (code === 'EACCES' || code === 'EPERM') return new Refusal(500, 'The hub may not write in the folder of its storage. Tell the hub\'s owner.');
    return new Refusal(500, 'Hub storage could not do this. The hub\'s log says why.');
  }
}

async function* listing(files: AsyncIterable<ListedFile>, withSizes: boolean): AsyncGenerator<string> {
  let text = '[';
  let first = true;
  for await (const { name, size } of files) {
    text += `${first ? '' : ','}${JSON.stringify(withSizes ? { name, size } : name)}`;
    first = false;
    if (text.length < piece) continue;
    yield text;
    text = '';
  }
  yield `${text}]`;
}

