/**
 * Two hubs on one PostgreSQL are attacked by guessers and by connections that never get to the point. Guesses are refused and held up,
 * nothing secret gets into the logs, ordinary agents lose nothing meanwhile, and people at other addresses still log in.
 */
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { request } from 'node:https';
import { connect as connectPlain, type Socket } from 'node:net';
import path from 'node:path';
import { connect as connectTls } from 'node:tls';
import { expect, onTestFinished, test } from 'vitest';
import { connectHubAdmin } from '../../../main/hub/index.js';
import { subprotocol } from '../../../main/shared/protocol/messages.js';
import { codeOf, logIn } from '../../helpers/hub-client.js';
import { freePort } from '../../helpers/ports.js';
import { tempFolder } from '../../helpers/temp.js';
import { until } from '../../helpers/until.js';
import { hubProcess, type HubProcess } from '../../integration/hub/hub-process.js';
import { draft, someResult, testAgent } from '../../integration/hub/office.js';
import { postgresServer } from '../../integration/hub/postgres.js';

/** Wrong tokens, half of them agent tokens and half setup tokens, over both hubs. */
const guesses = 2_000;
const atOnce = 24;
/** Slow connections of each kind and hub. */
const slow = 15;
/** A hub lets so many failures of one address a minute through to an answer of their own; each hub counts for itself. */
const perHubAndMinute = 20;

interface Reply {
  readonly status: number;
  readonly text: string;
}

function ask(url: string, where: string, { method = 'GET', body, headers = {}, localAddress = '127.0.0.1' }: { method?: string; body?: object; headers?: Record<string, string>; localAddress?: string }): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const text = body === undefined ? undefined : JSON.stringify(body);
    const asking = request(`${url}${where}`, { method, rejectUnauthorized: false, agent: false, localAddress, headers: { ...(text === undefined ? {} : { 'content-type': 'application/json', 'content-length': String(text.length) }), ...headers } });
    asking.on('response', (response) => {
      let answer = '';
      response.setEncoding('utf8').on('data', (piece: string) => { answer += piece; }).on('end', () => resolve({ status: response.statusCode ?? 0, text: answer }));
    });
    asking.on('upgrade', (response, socket) => {
      socket.on('error', () => undefined).destroy();
      resolve({ status: response.statusCode ?? 0, text: '' });
    });
    asking.on('error', reject);
    asking.end(text);
  });
}

const secret = (): string => randomBytes(20).toString('hex');
const upgradeHeaders = { connection: 'Upgrade', upgrade: 'websocket', 'sec-websocket-version': '13', 'sec-websocket-key': randomBytes(16).toString('base64'), 'sec-websocket-protocol': subprotocol };

/** Opens a connection that says `begin`, then a byte a second. Resolves when the hub has ended it. */
function drip(hub: HubProcess, begin: string, tls: boolean, closed: () => void): void {
  const port = Number(new URL(hub.url).port);
  const socket: Socket = tls ? connectTls({ port, host: '127.0.0.1', rejectUnauthorized: false }) : connectPlain(port, '127.0.0.1');
  const timer = setInterval(() => { socket.write('a'); }, 1_000);
  socket.on('error', () => undefined).on('close', () => {
    clearInterval(timer);
    closed();
  });
  socket.once(tls ? 'secureConnect' : 'connect', () => { socket.write(begin, 'latin1'); });
  socket.resume();
  onTestFinished(() => { socket.destroy(); });
}

test('guessed tokens, guessed passwords and connections that drip', { timeout: 170_000 }, async () => {
  const { url: database } = await postgresServer();
  const folders = [tempFolder(), tempFolder()];
  const logs = folders.map((folder) => path.join(folder, 'hub.log'));
  const hubs: HubProcess[] = [];
  for (const [n, dataFolder] of folders.entries()) hubs.push(await hubProcess({ dataFolder, listen: { host: '127.0.0.1', port: await freePort() }, database, logFile: logs[n] ?? '' }));
  const hubOf = (n: number): HubProcess => hubs[n % 2] as HubProcess;
  const admin = await connectHubAdmin(folders[0] ?? '');

  const ordered: string[] = [];
  const agents = await Promise.all(hubs.map(async (hub, n) => {
    const made = await admin.addAgent({ name: `laptop ${n}` });
    const job = await admin.createJob({ agentId: made.id, draft: draft() });
    const agent = testAgent(hub, made);
    agent.onStart = (runId, jobId) => {
      void (async () => {
        await agent.journal.record(runId, jobId, { type: 'queued', jobName: 'Documents', trigger: 'manual' });
        await agent.journal.record(runId, jobId, { type: 'log', level: 'info', message: 'a line' });
        await agent.journal.record(runId, jobId, { type: 'finished', state: 'succeeded', result: someResult(), error: null });
      })();
    };
    agent.start();
    await agent.connected();
    return { agent, job, token: made.token };
  }));

  let attacking = true;
  const work = (async () => {
    for (let n = 0; attacking || n < 20; n += 1) {
      const { id } = await admin.runJob({ id: agents[n % 2]?.job.id ?? '' });
      ordered.push(id);
      await until(`run ${n} is done`, async () => (await admin.getRun({ id })).run.state === 'succeeded', 60_000);
    }
  })();

  let dripping = 0;
  for (const hub of hubs) {
    for (let n = 0; n < slow; n += 1) {
      for (const [begin, tls] of [['\x16\x03\x01\x02', false], ['GET / HTTP/1.1\r\nhost: h\r\nx: ', true], ['GET /tunnel HTTP/1.1\r\nhost: h\r\nupgrade: websocket\r\nconnection: upgrade\r\nx: ', true]] as const) {
        dripping += 1;
        drip(hub, begin, tls, () => { dripping -= 1; });
      }
    }
  }

  const started = Date.now();
  const secrets: string[] = [];
  const statuses = new Map<number, number>();
  let next = 0;
  await Promise.all(Array.from({ length: atOnce }, async () => {
    for (let n = next++; n < guesses; n = next++) {
      const guess = secret();
      secrets.push(guess);
      const authorization = `Bearer ${1 + (n % 5)}|${guess}`;
      const hub = hubOf(n >> 1);
      const { status } = n % 2 === 0
        ? await ask(hub.url, '/tunnel', { headers: { ...upgradeHeaders, authorization } })
        : await ask(hub.url, '/api/enrol', { method: 'POST', headers: { authorization }, body: { name: 'guess', host: 'h', os: 'linux', arch: 'x64', version: '1' } });
      statuses.set(status, (statuses.get(status) ?? 0) + 1);
    }
  }));
  const minutes = Math.floor((Date.now() - started) / 60_000) + 1;
  // 101 and 401 are refusals with a reason of their own; all others are told to wait.
  expect([...statuses.keys()].filter((status) => ![101, 401, 429].includes(status))).toEqual([]);
  expect((statuses.get(101) ?? 0) + (statuses.get(401) ?? 0)).toBeLessThanOrEqual(2 * perHubAndMinute * minutes);

  await logIn(hubOf(0).url, codeOf(await admin.createLoginLink({})));
  const password = secret();
  await admin.createUser({ name: 'ann', role: 'admin', password });
  const tries: number[] = [];
  for (let n = 0; n < 14; n += 1) {
    const guess = secret();
    secrets.push(guess);
    tries.push((await ask(hubOf(n).url, '/api/v1/session', { method: 'POST', body: { name: 'ann', password: guess } })).status);
  }
  // Ten in all, not ten at each hub; then the right one is refused here too, and taken from elsewhere.
  expect(tries).toEqual([...Array<number>(10).fill(401), ...Array<number>(4).fill(429)]);
  for (const hub of hubs) {
    expect((await ask(hub.url, '/api/v1/session', { method: 'POST', body: { name: 'ann', password } })).status).toBe(429);
    expect((await ask(hub.url, '/api/v1/session', { method: 'POST', body: { name: 'ann', password }, localAddress: '127.0.0.2' })).status).toBe(200);
  }

  await until('the hubs have ended every connection that drips', () => dripping === 0, 60_000);
  attacking = false;
  await work;
  for (const id of ordered) expect((await admin.getRun({ id })).log.map(({ message }) => message)).toEqual(['a line']);
  for (const { agent } of agents) expect(agent.states.filter(({ state }) => state === 'connected')).toHaveLength(1);
  for (const [n, log] of logs.entries()) {
    const text = readFileSync(log, 'utf8');
    expect(text).toContain('unknown agent token');
    const kept = [password, ...secrets, ...agents.map(({ token }) => token.split('|')[1] ?? '')].filter((one) => text.includes(one));
    expect(kept).toEqual([]);
    expect(hubOf(n).errors()).toBe('');
  }
  console.log(`${guesses} guesses in ${Date.now() - started} ms:`, Object.fromEntries(statuses), `runs meanwhile: ${ordered.length}`);
});
