/** A hub that means harm: the real protocol over real TLS, and whatever a test makes it say. */
import { createHash, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';
import { WebSocketServer, type WebSocket } from 'ws';
import type { Job } from '../../main/shared/model.js';
import { agentMessageSchema, subprotocol, tunnelPath, type AgentMessage, type HubMessage, type RunEvent } from '../../main/shared/protocol/messages.js';
import { makeCertificate } from './certificate.js';
import { tempFolder } from './temp.js';
import { until } from './until.js';

export interface HostileHub {
  readonly url: string;
  readonly fingerprint: string;
  /** Everything that the agent said, in order. */
  readonly heard: AgentMessage[];
  events(runId: string): RunEvent['event'][];
  connected(): Promise<void>;
  /** Says it as it is, whether or not it is right. */
  say(message: HubMessage | Record<string, unknown>): void;
  jobs(jobs: readonly Job[]): void;
  /** Orders a run and gives how it ended. */
  run(jobId: string, runId: string): Promise<Extract<RunEvent['event'], { type: 'finished' }>>;
  /** Asks the agent and gives its answer. */
  ask(method: string, params: unknown): Promise<Extract<AgentMessage, { kind: 'response' }>>;
}

export async function hostileHub(): Promise<HostileHub> {
  const { certificate, key } = await makeCertificate(tempFolder(), '127.0.0.1');
  const cert = readFileSync(certificate, 'utf8');
  const server = createServer({ cert, key: readFileSync(key, 'utf8') });
  const sockets = new WebSocketServer({ server, path: tunnelPath, handleProtocols: (offered) => (offered.has(subprotocol) ? subprotocol : false) });
  const heard: AgentMessage[] = [];
  let socket: WebSocket | null = null;
  let welcomed = false;
  let revision = Date.now();
  let question = 0;
  const say = (message: HubMessage | Record<string, unknown>): void => socket?.send(JSON.stringify(message));
  sockets.on('connection', (news) => {
    socket = news;
    news.on('error', () => undefined);
    news.on('message', (data) => {
      const message = agentMessageSchema.parse(JSON.parse(String(data)));
      heard.push(message);
      if (message.kind === 'hello') {
        say({ kind: 'welcome', version: '9.9.9', hubName: 'Trust me', agentId: '1', agentName: 'yours', clock: new Date().toISOString(), ackedSeq: 0 });
        welcomed = true;
      }
      if (message.kind === 'run.event') say({ kind: 'ack', seq: message.seq });
      if (message.kind === 'request') say({ kind: 'response', id: message.id, ok: true, result: {} });
    });
  });
  await new Promise<void>((resolve) => { server.listen(0, '127.0.0.1', resolve); });
  onTestFinished(() => new Promise<void>((resolve) => {
    for (const client of sockets.clients) client.terminate();
    sockets.close();
    server.closeAllConnections();
    server.close(() => resolve());
  }));
  const events = (runId: string): RunEvent['event'][] => heard.flatMap((message) => (message.kind === 'run.event' && message.runId === runId ? [message.event] : []));
  return {
    url: `https://127.0.0.1:${(server.address() as AddressInfo).port}`,
    fingerprint: createHash('sha256').update(new X509Certificate(cert).raw).digest('hex'),
    heard, events, say,
    connected: async () => { await until('the agent has come', () => welcomed); },
    jobs: (jobs) => say({ kind: 'jobs.sync', revision: (revision += 1), jobs: [...jobs] }),
    run: (jobId, runId) => {
      say({ kind: 'run.start', runId, jobId });
      return until(`the run ${runId} has ended`, () => events(runId).find((event) => event.type === 'finished'));
    },
    ask: (method, params) => {
      const id = `q${(question += 1)}`;
      say({ kind: 'request', id, method, params, deadlineMs: 10_000 });
      return until(`an answer to ${method}`, () => heard.flatMap((message) => (message.kind === 'response' && message.id === id ? [message] : []))[0]);
    },
  };
}
