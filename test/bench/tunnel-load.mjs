// @ts-check
/**
 * node test/bench/tunnel-load.mjs [agents ...]        default: 1000 10000; needs a build
 *
 * One hub process, N agents over real TLS WebSockets on loopback. Connects them all, lets them tell events, kills the hub with
 * kill -9 in the middle, starts it again, and waits until all are back and everything is stored. Prints one table.
 */
import { fork, spawn } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { get } from 'node:http';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import Database from 'libsql';

const entry = pathToFileURL(path.resolve(import.meta.dirname, '../../out/main/hub/index.js')).href;
const { startHub } = await import(entry);
const perProcess = 2_500;
const eventsEach = 5;

const hubProgram = `
const [entry, dataFolder, port] = process.argv.slice(1);
const { startHub } = await import(entry);
await startHub({ dataFolder, version: '0', name: 'Load', listen: { host: '127.0.0.1', port: Number(port) }, logger: { log: (level, message) => { if (level === 'error') console.error(message); } } });
console.log('ready');
`;

/** @param {number} ms */
const pause = (ms) => new Promise((resolve) => { setTimeout(resolve, ms); });

/** @param {() => boolean} condition @param {number} limitMs @param {() => string} what @returns {Promise<number>} ms that it took */
async function until(condition, limitMs, what) {
  const start = performance.now();
  while (!condition()) {
    if (performance.now() - start > limitMs) throw new Error(`not within ${limitMs / 1000} s: ${what()}`);
    await pause(50);
  }
  return performance.now() - start;
}

/** @returns {Promise<number>} */
const freePort = () => new Promise((resolve) => {
  const server = createServer().listen(0, '127.0.0.1', () => {
    const address = server.address();
    server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
  });
});

/** Agents and jobs straight into the database: making them one by one is not what is measured. @param {string} dataFolder @param {number} count */
async function prepare(dataFolder, count) {
  const hub = await startHub({ dataFolder, version: '0', name: 'Load', listen: { host: '127.0.0.1', port: 0 }, logger: { log: () => undefined } });
  await hub.close();
  const db = new Database(path.join(dataFolder, 'hub.sqlite'));
  const definition = JSON.stringify({
    name: 'Documents', sources: [{ type: 'files', paths: ['/home/me'], excludes: [] }], destination: { id: 'd', name: 'Disk', url: '/mnt/disk' }, schedule: { type: 'every', minutes: 60 },
    retention: {}, conditions: { onBattery: 'defer', onMetered: 'defer' }, hooks: {}, paused: false,
  });
  const agents = Array.from({ length: count }, (_, n) => ({ id: n + 1, token: `${n + 1}|${randomBytes(20).toString('hex')}`, job: `job${n + 1}` }));
  db.exec('BEGIN');
  const agent = db.prepare('insert into agents (id, name, secret_hash, registered_at, jobs_revision, acked_seq) values (?, ?, ?, ?, 1, 0)');
  const job = db.prepare('insert into jobs (id, agent_id, definition, name, created_at) values (?, ?, ?, ?, ?)');
  for (const who of agents) {
    agent.run(who.id, `Computer ${who.id}`, createHash('sha256').update(who.token.split('|')[1] ?? '').digest('hex'), Date.now());
    job.run(who.job, who.id, definition, 'Documents', Date.now());
  }
  db.exec('COMMIT');
  db.close();
  return agents;
}

/** @param {string} dataFolder @param {number} port */
async function hubProcess(dataFolder, port) {
  const child = spawn(process.execPath, ['--input-type=module', '-e', hubProgram, entry, dataFolder, String(port)], { stdio: ['ignore', 'pipe', 'inherit'] });
  await new Promise((resolve, reject) => {
    child.stdout.once('data', resolve);
    child.once('exit', () => reject(new Error('the hub ended')));
  });
  return child;
}

/** @param {number | undefined} pid @returns {{rss: number, cpu: number}} MB and seconds */
function usage(pid) {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
  return { rss: Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) / 1024, cpu: (Number(stat[11]) + Number(stat[12])) / 100 };
}

/** @param {string} dataFolder @returns {Promise<string>} */
const rawList = (dataFolder) => new Promise((resolve, reject) => {
  get({ socketPath: path.join(dataFolder, 'hub.sock'), path: '/api/agents', agent: false }, (response) => {
    /** @type {Buffer[]} */
    const parts = [];
    response.on('data', (part) => parts.push(part));
    response.on('end', () => resolve(Buffer.concat(parts).toString()));
  }).on('error', reject);
});

/** @param {number} count */
async function measure(count) {
  const dataFolder = mkdtempSync(path.join(tmpdir(), 'holdfast-load-'));
  /** @type {{kill(signal?: NodeJS.Signals): boolean}[]} */
  const children = [];
  try {
    const agents = await prepare(dataFolder, count);
    const port = await freePort();
    let hub = await hubProcess(dataFolder, port);
    children.push(hub);
    const idle = usage(hub.pid).rss;
    const agentsFile = path.join(dataFolder, 'agents.json');
    writeFileSync(agentsFile, JSON.stringify(agents), { mode: 0o600 });
    const loads = Array.from({ length: Math.ceil(count / perProcess) }, (_, n) => {
      const child = fork(path.join(import.meta.dirname, 'load-agents.mjs'), [`https://127.0.0.1:${port}`, agentsFile, String(n * perProcess), String((n + 1) * perProcess), String(count)]);
      const load = { child, connected: 0, recorded: 0, acked: 0, refused: 0 };
      child.on('message', (counts) => Object.assign(load, counts));
      children.push(child);
      return load;
    });
    /** @param {'connected' | 'recorded' | 'acked' | 'refused'} key */
    const sum = (key) => loads.reduce((total, load) => total + load[key], 0);
    const say = () => JSON.stringify({ connected: sum('connected'), recorded: sum('recorded'), acked: sum('acked'), refused: sum('refused') });
    const tell = () => { for (const { child } of loads) child.send({ do: 'events', each: eventsEach }); };

    const connect = await until(() => sum('connected') === count, 180_000, say);
    await pause(3_000);
    const connected = usage(hub.pid);
    tell();
    const events = await until(() => sum('acked') === count * eventsEach, 120_000, say);
    const lists = [];
    for (let i = 0; i < 5; i += 1) {
      const start = performance.now();
      const answer = await rawList(dataFolder); // as a browser asks: without this process's own checks of the answer
      lists.push(performance.now() - start);
      const list = JSON.parse(answer);
      if (list.length !== count || !list.every((/** @type {{online: boolean}} */ agent) => agent.online)) throw new Error('the list is not right');
    }
    tell();
    await pause(2_000); // in the middle of the events
    hub.kill('SIGKILL');
    await pause(1_000);
    hub = await hubProcess(dataFolder, port);
    children.push(hub);
    const back = await until(() => sum('connected') === count, 120_000, say);
    await until(() => sum('acked') === 2 * count * eventsEach, 60_000, say);
    const again = usage(hub.pid);
    for (const { child } of loads) child.disconnect();
    await pause(1_000);
    hub.kill('SIGKILL');
    await pause(500);
    const db = new Database(path.join(dataFolder, 'hub.sqlite'), { readonly: true });
    const stored = /** @type {{lines: number, different: number}} */ (db.prepare('select count(*) as lines, count(distinct run_id || message) as different from run_logs').get());
    db.close();
    const expected = 2 * count * eventsEach;
    return {
      agents: count, 'RSS idle MB': Math.round(idle), 'RSS connected MB': Math.round(connected.rss), 'RSS at the end MB': Math.round(again.rss), 'connect s': (connect / 1000).toFixed(1), 'hub CPU s for it': connected.cpu.toFixed(1),
      [`${eventsEach} events each s`]: (events / 1000).toFixed(1), 'list ms (median of 5)': Math.round([...lists].sort((a, b) => a - b)[2] ?? 0), 'all back after kill -9 s': (back / 1000).toFixed(1),
      lost: expected - stored.different, doubled: stored.lines - stored.different, 'refused 4400/4409': sum('refused'),
    };
  } finally {
    for (const child of children) child.kill('SIGKILL');
    rmSync(dataFolder, { recursive: true, force: true });
  }
}

const sizes = process.argv.slice(2).map(Number);
const rows = [];
for (const count of sizes.length > 0 ? sizes : [1_000, 10_000]) rows.push(await measure(count));
for (const row of rows) for (const [name, value] of Object.entries(row)) console.log(`${name.padEnd(26)} ${value}`);
process.exit(rows.every((row) => row.lost === 0 && row.doubled === 0) ? 0 : 1);
