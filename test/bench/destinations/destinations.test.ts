/**
 * Holdfast (as the agent, which stays, and as a command) and restic on the same servers in one run: a first backup over loopback, and a second one with nothing changed and a warm
 * cache over a line with 50 ms from here to there and back. Prints a table; figures are in docs/destinations.md.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import { startHub, type RunningHub } from '../../../main/hub/index.js';
import { Proxy } from '../../helpers/proxy.js';
import { startRestServer, type RestServer } from '../../helpers/rclone.js';
import { startObjectStore, type ObjectStore } from '../../helpers/rgw.js';
import { startSshServer, type SshServer } from '../../helpers/sshd.js';
import { storedAgent } from '../../helpers/storage.js';
import { removeTree, tempFolder } from '../../helpers/temp.js';
import { bytes } from '../../helpers/trees.js';

const rounds = Number(process.env['HOLDFAST_BENCH_ROUNDS'] ?? 3);
const megabytes = Number(process.env['HOLDFAST_BENCH_MB'] ?? 200);
const only = process.env['HOLDFAST_BENCH_ONLY']?.split(',');
/** Each way, ms. */
const latency = Number(process.env['HOLDFAST_BENCH_RTT'] ?? 50) / 2;
const program = fileURLToPath(new URL('../../../out/main/cli/holdfast.js', import.meta.url));

const folder = tempFolder({ keep: true });
const source = path.join(folder, 'source');
let store: ObjectStore, ssh: SshServer, rest: RestServer, hub: RunningHub;
const rows: string[] = [];
let agent: ChildProcess, answers: AsyncIterator<string>;

beforeAll(async () => {
  // half noise, half text, in files of all sizes
  for (let i = 0, made = 0; made < megabytes * 1e6; i++) {
    const size = [3_000, 40_000, 900_000, 6_000_000][i % 4] ?? 0;
    const place = path.join(source, `folder ${i % 40}`);
    mkdirSync(place, { recursive: true });
    writeFileSync(path.join(place, `file ${i}`), i % 8 < 4 ? bytes(size, i + 1, 1) : Buffer.alloc(size, `the quick brown fox ${i} `).map((byte, at) => (at % 7 === 0 ? (at * 2654435761 + i) & 0xff : byte)));
    made += size;
  }
  agent = spawn(process.execPath, [fileURLToPath(new URL('agent.mjs', import.meta.url))], { stdio: ['pipe', 'pipe', 'inherit'] });
  if (!agent.stdout) throw new Error('the agent has no output');
  answers = createInterface({ input: agent.stdout })[Symbol.asyncIterator]();
  await answers.next();
  [store, ssh, rest, hub] = await Promise.all([
    startObjectStore({ capacity: 8 * 2 ** 30 }), startSshServer(), startRestServer(path.join(folder, 'rest')),
    startHub({ dataFolder: path.join(folder, 'hub'), version: '0.0.0', name: 'Bench', listen: { host: '127.0.0.1', port: 0 }, logger: { log: () => undefined } }),
  ]);
}, 120_000);
afterAll(async () => {
  agent?.kill();
  await Promise.all([store?.stop(), ssh?.stop(), rest?.stop(), hub?.close()]);
  await removeTree(folder);
  console.log(['', '| destination | step | by | seconds | restic / this | CPU s | restic / this | round trips |', '| --- | --- | --- | ---: | ---: | ---: | ---: | ---: |', ...rows].join('\n'));
});

/** How each program reaches one and the same server through `port`. */
interface Place {
  readonly port: number | null;
  readonly holdfast: (port: number, name: string) => { url: string; settings: Record<string, string> };
  readonly restic: (port: number, name: string) => { url: string; args?: string[]; env?: Record<string, string> };
  /** Clears the way for a new repository with this name. */
  readonly prepare?: (name: string) => Promise<void>;
}

const stores = new Map<string, Awaited<ReturnType<typeof storedAgent>>>();
const storage = (name: string): Awaited<ReturnType<typeof storedAgent>> => {
  const found = stores.get(name);
  if (!found) throw new Error(`no storage ${name}`);
  return found;
};
const through = (url: string, port: number): string => url.replace(/127\.0\.0\.1:\d+/, `127.0.0.1:${port}`);

const places: Record<string, () => Place> = {
  'a folder': () => ({ port: null, holdfast: (_, name) => ({ url: path.join(folder, name), settings: {} }), restic: (_, name) => ({ url: path.join(folder, name) }) }),
  'SFTP (sshd)': () => ({
    port: ssh.port,
    holdfast: (port, name) => ({ url: `sftp://${ssh.user}@127.0.0.1:${port}/${path.join(folder, name)}`, settings: { ...ssh.settings, 'host-key': ssh.fingerprint } }),
    restic: (port, name) => ({ url: `sftp:${ssh.user}@127.0.0.1:${path.join(folder, name)}`, args: ['-o', `sftp.command=ssh -F none -i ${ssh.keyFile} -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o LogLevel=ERROR -p ${port} ${ssh.user}@127.0.0.1 -s sftp`] }),
  }),
  'S3 (Ceph RGW)': () => ({
    port: store.port,
    holdfast: (port, name) => ({ url: `s3:http://127.0.0.1:${port}/${name}`, settings: { 'access-key-id': store.accessKey, 'secret-access-key': store.secretKey } }),
    restic: (port, name) => ({ url: `s3:http://127.0.0.1:${port}/${name}`, env: { AWS_ACCESS_KEY_ID: store.accessKey, AWS_SECRET_ACCESS_KEY: store.secretKey } }),
  }),
  'REST (rclone)': () => ({ port: rest.port, holdfast: (port, name) => ({ url: `rest:http://127.0.0.1:${port}/${name}/`, settings: {} }), restic: (port, name) => ({ url: `rest:http://127.0.0.1:${port}/${name}/` }) }),
  'hub storage': () => ({
    port: Number(/:(\d+)/.exec(hub.url)?.[1]),
    holdfast: (port, name) => { const { url, user, password } = storage(name); return { url: through(url, port), settings: { user, password, 'certificate-pin': hub.fingerprint } }; },
    restic: (port, name) => { const { url, user, password } = storage(name); return { url: through(url, port).replace('//', `//${user}:${password}@`), args: ['--cacert', path.join(folder, 'hub', 'hub-certificate.pem')] }; },
    prepare: async (name) => { stores.set(name, await storedAgent(hub, name)); },
  }),
};

interface Taken { wall: number; cpu: number; turns: number }

/** Runs a command to its end. CPU seconds are the shell's account of its children. */
async function measure(command: string[], env: Record<string, string>, proxy: Proxy | null): Promise<Taken> {
  const times = path.join(folder, 'times');
  const before = proxy?.turns ?? 0;
  const started = process.hrtime.bigint();
  const child = spawn('sh', ['-c', 'f="$1"; shift; "$@"; code=$?; times > "$f"; exit $code', 'sh', times, ...command], { env: { ...process.env, ...env }, stdio: ['ignore', 'ignore', 'pipe'] });
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => { said += text; });
  const code = await new Promise((resolve) => { child.once('close', resolve); });
  const wall = Number(process.hrtime.bigint() - started) / 1e9;
  if (code !== 0) throw new Error(`${command.join(' ')} ended with ${String(code)}\n${said}`);
  const [, children = ''] = readFileSync(times, 'utf8').trim().split('\n');
  const cpu = [...children.matchAll(/(\d+)m([\d.]+)s/g)].reduce((sum, [, minutes, seconds]) => sum + Number(minutes) * 60 + Number(seconds), 0);
  return { wall, cpu, turns: (proxy?.turns ?? 0) - before };
}

/** The same by a program that is running already. */
async function order(operation: 'init' | 'backup', request: object, proxy: Proxy | null): Promise<Taken> {
  const before = proxy?.turns ?? 0;
  agent.stdin?.write(`${JSON.stringify({ operation, request })}\n`);
  const answer = z.union([z.object({ wall: z.number(), cpu: z.number() }), z.object({ error: z.string() })]).parse(JSON.parse(String((await answers.next()).value)));
  if ('error' in answer) throw new Error(answer.error);
  return { ...answer, turns: (proxy?.turns ?? 0) - before };
}

const median = (list: number[]): number => [...list].sort((a, b) => a - b)[Math.floor(list.length / 2)] ?? NaN;
const contestants = ['agent', 'command', 'restic'] as const;
type Contestant = (typeof contestants)[number];

for (const [name, make] of Object.entries(places)) {
  if (only && !only.some((word) => name.includes(word))) continue;
  test(name, async () => {
    const place = make();
    const proxy = place.port === null ? null : await Proxy.to(place.port);
    const port = proxy?.port ?? 0;
    const results = new Map<string, Taken[]>();
    const init = (repository: string): Promise<Taken> => {
      const { url, settings } = place.holdfast(port, repository);
      return order('init', { repository: { url, password: 'bench', backend: settings, cacheFolder: false } }, proxy);
    };
    const backup: Record<Contestant, (repository: string) => Promise<Taken>> = {
      agent: (repository) => {
        const { url, settings } = place.holdfast(port, repository);
        return order('backup', { repository: { url, password: 'bench', backend: settings, cacheFolder: path.join(folder, 'cache', repository) }, paths: [source] }, proxy);
      },
      command: (repository) => {
        const { url, settings } = place.holdfast(port, repository);
        const file = path.join(folder, 'settings');
        writeFileSync(file, Object.entries(settings).map(([key, value]) => `${key}=${value}\n`).join(''));
        return measure([process.execPath, program, '-q', '-r', url, '--settings', file, 'backup', source], { HOLDFAST_PASSWORD: 'bench', HOLDFAST_DATA: path.join(folder, 'cache', repository) }, proxy);
      },
      restic: (repository) => {
        const { url, args = [], env = {} } = place.restic(port, repository);
        return measure(['restic', '-q', '-r', url, '--cache-dir', path.join(folder, 'cache', repository), ...args, 'backup', source], { RESTIC_PASSWORD: 'bench', ...env }, proxy);
      },
    };
    const steps = { [`first backup of ${megabytes} MB`]: {}, 'nothing changed': {}, ...(proxy ? { [`nothing changed, ${latency * 2} ms away`]: { latency } } : {}) };
    try {
      for (let round = 0; round < rounds; round++) {
        // each round another one begins
        const turn = contestants.map((_, i) => contestants[(i + round) % contestants.length] ?? 'restic');
        const repository = (who: Contestant): string => `${name.toLowerCase().replace(/[^a-z0-9]+/g, '')}-${who}-${round}`;
        for (const who of turn) {
          await place.prepare?.(repository(who));
          await init(repository(who)); // Holdfast makes all of them: opening the keys is the same work for each
        }
        for (const [step, mischief] of Object.entries(steps)) {
          if (proxy) proxy.mischief = mischief;
          for (const who of turn) {
            readAll(source);
            results.set(`${step} ${who}`, [...results.get(`${step} ${who}`) ?? [], await backup[who](repository(who))]);
          }
        }
        if (proxy) proxy.mischief = {};
        rmSync(path.join(folder, 'cache'), { recursive: true, force: true });
      }
    } finally {
      await proxy?.stop();
    }
    const lines = Object.keys(steps).flatMap((step) => contestants.map((who) => {
      const of = (whose: Contestant, field: keyof Taken): number => median((results.get(`${step} ${whose}`) ?? []).map((taken) => taken[field]));
      const ratio = (field: keyof Taken): string => (of('restic', field) / of(who, field)).toFixed(2);
      return `| ${name} | ${step} | ${who} | ${of(who, 'wall').toFixed(2)} | ${ratio('wall')} | ${of(who, 'cpu').toFixed(2)} | ${ratio('cpu')} | ${proxy ? of(who, 'turns') : ''} |`;
    }));
    rows.push(...lines);
    console.log(lines.join('\n'));
    expect(results.size).toBe(Object.keys(steps).length * contestants.length);
  });
}

/** So that nobody pays for the disk. */
function readAll(place: string): void {
  for (const entry of readdirSync(place, { recursive: true, withFileTypes: true })) if (entry.isFile()) readFileSync(path.join(entry.parentPath, entry.name));
}
