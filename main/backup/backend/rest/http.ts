/** One HTTP request at a time over connections that stay open. Answers are handed on with their status; only the network's failures are errors here. */
import { request as requestHttp, type ClientRequest, type IncomingMessage } from 'node:http';
import { request as requestHttps } from 'node:https';
import { pipeline } from 'node:stream';
import type { Readable } from 'node:stream';
import { connectTimeout, makeAgents, type Agents, type Trust } from '../remote/agents.js';
import { StalledError } from '../remote/network-errors.js';

export interface HttpRequest {
  readonly method: 'GET' | 'HEAD' | 'POST' | 'DELETE';
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  /** Its size must be in the header Content-Length. */
  readonly body?: Readable | Uint8Array;
  readonly signal?: AbortSignal | undefined;
}

export class HttpClient {
  private agents: Agents | null = null;

  /** @param stallMs how long a connection may be silent while a request is under way */
  constructor(private readonly trust: Trust, private readonly connections: number, private readonly stallMs: number) {}

  /** @returns the answer, whose body must be read to its end (or destroyed). Rejects with the network's own errors. */
  send(order: HttpRequest): Promise<IncomingMessage> {
    this.agents ??= makeAgents(this.trust, this.connections, Math.min(connectTimeout, this.stallMs));
    const secure = order.url.protocol === 'https:';
    const request = (secure ? requestHttps : requestHttp)(order.url, {
      method: order.method, headers: order.headers, agent: secure ? this.agents.https : this.agents.http, signal: order.signal,
    });
    return new Promise((resolve, reject) => {
      let answered = false;
      request.setTimeout(this.stallMs, () => request.destroy(new StalledError(this.stallMs / 1000)));
      request.once('response', (response) => {
        answered = true;
        resolve(response);
      });
      request.on('error', (error) => {
        if (!answered) reject(error);
      });
      send(request, order.body, (error) => {
        if (!answered) reject(error);
      });
    });
  }

  close(): void {
    this.agents?.destroy();
    this.agents = null;
  }
}

function send(request: ClientRequest, body: Readable | Uint8Array | undefined, failed: (error: Error) => void): void {
  if (body === undefined || body instanceof Uint8Array) {
    request.end(body);
    return;
  }
  pipeline(body, request, (error) => {
    if (!error) return;
    // the file could not be read: the request must not stay half sent
    request.destroy();
    // the request's own error says more than that the stream ended too early, and comes first
    setImmediate(() => failed(error));
  });
}
