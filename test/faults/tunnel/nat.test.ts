/**
 * A hub in one network, computers behind routers in others: they call, and nobody can call them. Real commands in real network
 * namespaces; the test itself is the browser.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { WebSocket } from 'ws';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { closeCodes } from '../../../main/shared/protocol/close-codes.js';
import { subprotocol } from '../../../main/shared/protocol/messages.js';
import { codeOf, logIn, type Browser } from '../../helpers/hub-client.js';
import { office, type HiddenComputer, type Office } from '../../helpers/namespaces.js';
import type { Namespace } from '../../helpers/netns.js';
import { runOk, start, type Running } from '../../helpers/processes.js';
import { bytes } from '../../helpers/trees.js';
import { until } from '../../helpers/until.js';
import { draft } from '../../integration/hub/office.js';
import { holdfastJs, home, type Home } from '../../integration/cli/holdfast.js';

const port = 7878;

/** The command inside a namespace. */
const holdfast = (space: Namespace, { env, folder }: Home, ...args: string[]): Running => start(...space.inside(process.execPath, holdfastJs, ...args), { env, cwd: folder });
const finished = (space: Namespace, { env, folder }: Home, ...args: string[]): Promise<string> => runOk(...space.inside(process.execPath, holdfastJs, ...args), { env, cwd: folder });

async function hubWithBrowser(rooms: Office): Promise<{ hub: Home; url: string; browser: Browser; linkFor: (link: string, computer: HiddenComputer) => string }> {
  const hub = home();
  await holdfast(rooms.hub, hub, 'hub', '--listen', `0.0.0.0:${port}`).line(/^listening on /);
  const url = `https://${rooms.hubAddress}:${port}`;
  const browser = await logIn(url, codeOf(await hub.json<{ url: string }>('hub', 'login')));
  // Each cable has its own address of the hub; a company would have one name for all of them.
  const linkFor = (link: string, computer: HiddenComputer): string => {
    const changed = new URL(link);
    changed.searchParams.set('hub', `https://${computer.hubAddress}:${port}`);
    return changed.href;
  };
  return { hub, url, browser, linkFor };
}

const listening = (space: Namespace): string => space.run('ss', '-Hltun');
const connections = (space: Namespace): string[] => space.run('ss', '-Htn').trim().split('\n');

test('a job made on the dashboard of a hub runs behind a router where nothing listens, and what it restores equals the original', async () => {
  const rooms = office();
  const computer = rooms.computer();
  const { browser, linkFor } = await hubWithBrowser(rooms);
  const { link } = z.object({ link: z.string() }).parse((await browser.ask('/api/v1/setup-tokens', { method: 'POST', body: { name: 'laptops' } })).json);

  const laptop = home({ HOLDFAST_PASSWORD: 'of the laptop' });
  const files = path.join(laptop.folder, 'files');
  mkdirSync(path.join(files, 'deep/deeper'), { recursive: true });
  for (let n = 0; n < 40; n += 1) writeFileSync(path.join(files, n % 2 === 0 ? 'deep' : 'deep/deeper', `file ${n}`), bytes(1000 + n * 7919, n, 0.5));
  writeFileSync(path.join(files, 'large'), bytes(9_000_000, 77, 0.8));
  await finished(computer.space, laptop, 'join', linkFor(link, computer), '--allow', files);
  await holdfast(computer.space, laptop, 'agent').line(/^connected to /);
  expect(listening(computer.space)).toBe('');
  // The hub cannot even name the computer: what it sees is the router, and the computer's own network has no way in.
  expect(connections(rooms.hub).some((line) => line.includes(computer.seenAs))).toBe(true);
  expect(connections(rooms.hub).some((line) => line.includes(computer.end.address))).toBe(false);
  expect(() => rooms.hub.run('ping', '-c', '1', '-W', '1', computer.end.address)).toThrow();

  const ask = async <T>(schema: z.ZodType<T>, way: string, body?: unknown, method = body === undefined ? 'GET' : 'POST'): Promise<T> => {
    const answer = await browser.ask(`/api/v1${way}`, { method, ...(body === undefined ? {} : { body }) });
    expect(answer.status, answer.text).toBe(200);
    return schema.parse(answer.json);
  };
  const agents = await ask(z.array(z.object({ id: z.string(), online: z.boolean() })), '/agents');
  expect(agents).toMatchObject([{ online: true }]);
  await ask(z.object({}), '/storage', { offered: true, reserve: 0 }, 'PATCH');
  const repositories = [path.join(laptop.folder, 'repository'), 'hub:storage'];
  for (const [n, url] of repositories.entries()) {
    const job = await ask(z.object({ id: z.string() }), '/jobs', {
      agentId: agents[0]?.id, draft: { ...draft({ name: `Files ${n}` }), sources: [{ type: 'files', paths: [files], excludes: [] }], destination: { id: n === 0 ? 'disk' : 'hub-storage', name: 'Backup', url } },
    });
    const run = await ask(z.object({ id: z.string() }), `/jobs/${job.id}/run`, {});
    const done = await until('the run ends', async () => {
      const { run: seen } = await ask(z.object({ run: z.object({ state: z.string(), error: z.unknown(), result: z.object({ snapshotId: z.string() }).nullable() }) }), `/runs/${run.id}`);
      return !['queued', 'running'].includes(seen.state) && seen;
    }, 60_000);
    expect(done).toMatchObject({ state: 'succeeded', error: null });
  }
  const target = path.join(laptop.folder, 'back');
  await finished(computer.space, laptop, 'restore', 'latest', '--repo', repositories[0] ?? '', '--target', target);
  await runOk('diff', ['-r', files, path.join(target, files)]);
  expect(listening(computer.space)).toBe('');
});

/** What a second program with the same token meets. */
async function call(url: string, token: string): Promise<{ code: number; afterMs: number } | 'welcome'> {
  const began = performance.now();
  const socket = new WebSocket(`${url.replace('https', 'wss')}/tunnel`, subprotocol, { rejectUnauthorized: false, headers: { authorization: `Bearer ${token}` } });
  return new Promise((resolve, reject) => {
    socket.on('error', reject);
    socket.on('open', () => socket.send(JSON.stringify({
      kind: 'hello', version: '0', host: 'second', os: 'linux', arch: 'x64', capabilities: [], clock: new Date().toISOString(), jobsRevision: 0, journalId: 'second',
    })));
    socket.on('message', () => {
      socket.terminate();
      resolve('welcome');
    });
    socket.on('close', (code) => resolve({ code, afterMs: performance.now() - began }));
  });
}

test('the same token twice: the second is dropped with 4409 at once; when the first one\'s cable is pulled, the second is in within 5 s', async () => {
  const rooms = office();
  const computer = rooms.computer();
  const { browser, linkFor, url } = await hubWithBrowser(rooms);
  const made = z.object({ token: z.string(), link: z.string() }).parse((await browser.ask('/api/v1/agents', { method: 'POST', body: { name: 'laptop' } })).json);
  const laptop = home();
  const tokenFile = path.join(laptop.folder, 'token');
  writeFileSync(tokenFile, linkFor(made.link, computer), { mode: 0o600 });
  const agent = holdfast(computer.space, laptop, 'agent', '--token-file', tokenFile);
  await agent.line(/^connected to /);
  const dropped: number[] = [];
  for (let n = 0; n < 20; n += 1) {
    const answer = await call(url, made.token);
    expect(answer).toMatchObject({ code: closeCodes.alreadyConnected });
    if (answer !== 'welcome') dropped.push(answer.afterMs);
  }
  const taken: number[] = [];
  for (let n = 0; n < 3; n += 1) {
    // No FIN, no RST: the packets just end.
    computer.plug(false);
    const began = performance.now();
    const answer = await call(url, made.token);
    expect(answer).toBe('welcome');
    taken.push(performance.now() - began);
    computer.plug(true);
    // The first comes back by itself once it notices.
    await sleep(100);
    await until('the first is back', async () => (await call(url, made.token)) !== 'welcome', 60_000);
  }
  console.log(`dropped with 4409 after ${Math.round(Math.max(...dropped))} ms at most; in after a pulled cable: ${taken.map(Math.round).join(', ')} ms`);
  expect(Math.max(...dropped)).toBeLessThan(1_000);
  expect(Math.max(...taken)).toBeLessThan(5_000);
}, 300_000);
