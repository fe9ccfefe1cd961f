// @ts-check
/**
 * node test/bench/tunnel-load.mjs [agents ...]        default: 1000 5000 10000; needs a build
 *
 * One hub process, N agents over real TLS WebSockets on loopback, 2,500 to a process. Connects them all and lets them tell events; drops
 * all connections at once in the middle of events, and kills the hub with kill -9 in the middle of others; waits each time until
 * all are back and everything is stored. Meanwhile the dashboard's list is asked for five times a second. Times of the list: median / 95th
 * percentile / longest as the asker sees them; then the same of what the hub's thread worked meanwhile, which is what it would take on
 * a machine with nothing else to do; (how many).
 */
import { fork, spawn } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { Agent, get } from 'node:https';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import Database from 'libsql';

const entry = pathToFileURL(path.resolve(import.meta.dirname, '../../out/main/hub/index.js')).href;
const { startHub } = await import(entry);
const perProcess = 2_500;
const eventsEach = 5;
const apiSecret = randomBytes(20).toString('hex');
const apiToken = `1|${apiSecret}`;

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
  db.prepare('insert into api_tokens (id, name, role, secret_hash, created_at) values (1, ?, ?, ?, ?)').run('bench', 'viewer', createHash('sha256').update(apiSecret).digest('hex'), Date.now());
  db.exec('COMMIT');
  db.close();
  return agents;
}

/** @param {string} dataFolder @param {number} port */
async function hubProcess(dataFolder, port) {
  const child = spawn(process.execPath, [...(process.env.HUB_NODE_OPTIONS?.split(' ') ?? []), '--input-type=module', '-e', hubProgram, entry, dataFolder, String(port)], { stdio: ['ignore', 'pipe', 'inherit'] });
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

/** What the hub's own thread has worked so far, in ms (Linux). @param {number | undefined} pid */
function busy(pid) {
  try {
    return Number(readFileSync(`/proc/${pid}/schedstat`, 'utf8').split(' ')[0]) / 1e6;
  } catch {
    return NaN; // it was killed
  }
}

/**
 * Asks for the dashboard's page of agents again and again, as an open page does: over TLS, on a connection that stays, with a token.
 * @param {number} port @param {number} count of agents that there are @param {() => number | undefined} pid of the hub
 */
function watchList(port, count, pid) {
  const agent = new Agent({ keepAlive: true, maxSockets: 1, rejectUnauthorized: false });
  /** @param {string} path @returns {Promise<unknown>} */
  const ask = (path) => new Promise((resolve, reject) => {
    get({ host: '127.0.0.1', port, path: `/api/v1${path}`, agent, headers: { authorization: `Bearer ${apiToken}` } }, (response) => {
      /** @type {Buffer[]} */
      const parts = [];
      response.on('data', (part) => parts.push(part));
      response.on('end', () => (response.statusCode === 200 ? resolve(JSON.parse(Buffer.concat(parts).toString())) : reject(new Error(`the list: HTTP ${response.statusCode}`))));
    }).on('error', reject);
  });
  /** @type {{wall: number, cpu: number}[]} */
  let times = [];
  let over = false;
  const asking = (async () => {
    for (let n = 0; !over; n += 1) {
      // First page, a page in the middle, a search: in turn.
      const [path, right] = [['/agents?limit=51', 51], [`/agents?limit=51&offset=${Math.floor(count / 2)}`, 51], [`/agents?limit=51&search=Computer%20${count}`, 1]][n % 3] ?? ['', 0];
      const start = performance.now();
      const startOfHub = busy(pid());
      try {
        const list = await ask(String(path));
        if (!Array.isArray(list) || list.length !== right) throw new Error(`the list ${path} is not right`);
        times.push({ wall: performance.now() - start, cpu: busy(pid()) - startOfHub });
      } catch (error) {
        // The hub is down for a moment when it was killed.
        if (!(error instanceof Error && 'code' in error && ['ECONNREFUSED', 'ECONNRESET'].includes(String(error.code)))) throw error;
      }
      await pause(200);
    }
  })();
  asking.catch((error) => { console.error(error); process.exitCode = 1; });
  return {
    ask,
    /** Since the last call: as the asker sees it, and what the hub worked in that time, in ms. */
    take: () => {
      const taken = times;
      times = [];
      const of = (/** @type {'wall' | 'cpu'} */ what) => {
        const sorted = taken.map((time) => time[what]).filter((time) => time >= 0).sort((a, b) => a - b);
        return [0.5, 0.95, 1].map((part) => Math.round(sorted[Math.min(Math.floor(sorted.length * part), sorted.length - 1)] ?? NaN)).join(' / ');
      };
      return `${of('wall')}; ${of('cpu')} (${taken.length})`;
    },
    stop: async () => {
      over = true;
      await asking;
      agent.destroy();
    },
  };
}

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
      const load = { child, connected: 0, recorded: 0, acked: 0, refused: 0, late: 0 };
      child.on('message', (counts) => Object.assign(load, counts));
      children.push(child);
      return load;
    });
    /** @param {'connected' | 'recorded' | 'acked' | 'refused' | 'late'} key */
    const sum = (key) => loads.reduce((total, load) => total + load[key], 0);
    const say = () => JSON.stringify({ connected: sum('connected'), recorded: sum('recorded'), acked: sum('acked'), refused: sum('refused'), late: sum('late') });
    const tell = () => { for (const { child } of loads) child.send({ do: 'events', each: eventsEach }); };
    let told = 0;
    const allTold = () => sum('acked') === told;

    const connect = await until(() => sum('connected') === count, 180_000, say);
    await pause(3_000);
    const connected = usage(hub.pid);
    const list = watchList(port, count, () => hub.pid);
    tell();
    told += count * eventsEach;
    const events = await until(allTold, 120_000, say);
    const listOfEvents = list.take();
    await pause(5_000);
    const listAtRest = list.take();
    const all = /** @type {{online: boolean}[]} */ (await list.ask('/agents'));
    if (all.length !== count || !all.every((agent) => agent.online)) throw new Error('the list is not right');
    list.take();

    // Everybody's network goes, in the middle of events.
    tell();
    told += count * eventsEach;
    await pause(2_000);
    const beforeDrop = usage(hub.pid).cpu;
    for (const { child } of loads) child.send({ do: 'drop' });
    await until(() => sum('connected') < count / 10, 30_000, say);
    const backAfterDrop = await until(() => sum('connected') === count, 180_000, say);
    await until(allTold, 60_000, say);
    const dropped = usage(hub.pid);
    const listOfDrop = list.take();
    await pause(3_000);

    // The hub dies, in the middle of events.
    tell();
    told += count * eventsEach;
    await pause(2_000);
    list.take();
    hub.kill('SIGKILL');
    await pause(1_000);
    hub = await hubProcess(dataFolder, port);
    children.push(hub);
    const back = await until(() => sum('connected') === count, 180_000, say);
    await until(allTold, 60_000, say);
    const again = usage(hub.pid);
    const listOfKill = list.take();
    await list.stop();
    for (const { child } of loads) child.disconnect();
    await pause(1_000);
    hub.kill('SIGKILL');
    await pause(500);
    const db = new Database(path.join(dataFolder, 'hub.sqlite'), { readonly: true });
    const stored = /** @type {{lines: number, different: number}} */ (db.prepare('select count(*) as lines, count(distinct run_id || message) as different from run_logs').get());
    const order = /** @type {{wrong: number}} */ (db.prepare("select count(*) as wrong from (select message, row_number() over (partition by run_id order by id) as n from run_logs) where message <> 'line ' || n").get());
    db.close();
    return {
      'agents': count, 'hub RSS idle MB': Math.round(idle), 'hub RSS connected MB': Math.round(connected.rss), 'hub RSS after all dropped MB': Math.round(dropped.rss), 'hub RSS after restart MB': Math.round(again.rss),
      'all connected s': (connect / 1000).toFixed(1), 'hub CPU s for it': connected.cpu.toFixed(1),
      [`${eventsEach} events each stored s`]: (events / 1000).toFixed(1),
      'all dropped, all back s': (backAfterDrop / 1000).toFixed(1), 'hub CPU s of it': (dropped.cpu - beforeDrop).toFixed(1),
      'kill -9, all back s': (back / 1000).toFixed(1), 'hub CPU s since': again.cpu.toFixed(1),
      'list ms at rest': listAtRest, 'list ms during events': listOfEvents, 'list ms while all come back': listOfDrop, 'list ms after kill -9': listOfKill,
      'events': told, 'lost': told - stored.different, 'doubled': stored.lines - stored.different, 'out of order': order.wrong, 'refused 4400/4409': sum('refused'), 'no welcome in 30 s': sum('late'),
    };
  } finally {
    for (const child of children) child.kill('SIGKILL');
    rmSync(dataFolder, { recursive: true, force: true });
  }
}

const sizes = process.argv.slice(2).map(Number);
const rows = [];
for (const count of sizes.length > 0 ? sizes : [1_000, 5_000, 10_000]) {
  rows.push(await measure(count));
  for (const [name, value] of Object.entries(rows.at(-1) ?? {})) console.log(`${name.padEnd(30)} ${value}`);
}
process.exit(process.exitCode ?? (rows.every((row) => row.lost === 0 && row.doubled === 0 && row['out of order'] === 0) ? 0 : 1));
