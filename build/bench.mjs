// npm run bench -- --sets destinations
// npm run bench [-- --rounds 3 --scale 1 --sets system,large,small --peers holdfast,restic,borg --out docs]
// Runs Holdfast and every peer on this machine in turn on the same warmed files and prints medians and ratios.
import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { changeSome, dataSets } from '../test/bench/data.mjs';
import { peers } from '../test/bench/peers.mjs';
import { plot } from '../test/bench/plot.mjs';
import { compile } from './compile.mjs';
import { alone } from './setup/lock.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const { values: options } = parseArgs({ options: {
  rounds: { type: 'string', default: '3' }, scale: { type: 'string', default: '1' }, sets: { type: 'string' }, peers: { type: 'string' }, out: { type: 'string' }, scratch: { type: 'string' },
} });
const rounds = Number(options.rounds);
await alone(() => compile(['wasm', 'main']));

// servers of its own, and another table: test/bench/destinations
if (options.sets === 'destinations') {
  const vitest = join(root, 'node_modules/vitest/vitest.mjs');
  const { status } = spawnSync(process.execPath, [vitest, 'run', '--config', 'test/bench/destinations/vitest.config.ts'], { cwd: root, stdio: 'inherit', env: { ...process.env, HOLDFAST_BENCH_ROUNDS: options.rounds } });
  process.exit(status ?? 1);
}

/** Reads all files once, so that no program pays for the disk. */
function warm(path) {
  spawnSync('sh', ['-c', 'find "$1" -type f -print0 | xargs -0 cat > /dev/null', 'sh', path], { stdio: ['ignore', 'ignore', 'ignore'] });
}

/** Peak memory of a process and its children, in MB, looked at twenty times a second. */
function residentOf(pid) {
  let sum = 0;
  const waiting = [pid];
  for (const id of waiting) {
    try {
      sum += Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${id}/status`, 'utf8'))?.[1] ?? 0);
      waiting.push(...readFileSync(`/proc/${id}/task/${id}/children`, 'utf8').trim().split(' ').filter(Boolean).map(Number));
    } catch {
      // it has ended
    }
  }
  return sum / 1024;
}

async function measure([command, ...args], env) {
  const timeFile = join(scratch, 'time');
  const started = process.hrtime.bigint();
  const child = spawn('sh', ['-c', 'f="$1"; shift; "$@"; code=$?; times > "$f"; exit $code', 'sh', timeFile, command, ...args], { env: { ...process.env, ...env }, stdio: ['ignore', 'ignore', 'inherit'] });
  let peak = 0;
  const timer = setInterval(() => { peak = Math.max(peak, residentOf(child.pid)); }, 50);
  const code = await new Promise((resolve) => { child.on('exit', resolve); });
  clearInterval(timer);
  if (code !== 0 && code !== 3) throw new Error(`${command} ${args.join(' ')} ended with ${code}`);
  const seconds = [...readFileSync(timeFile, 'utf8').trim().split('\n')[1].matchAll(/(\d+)m([\d.]+)s/g)].map(([, m, s]) => Number(m) * 60 + Number(s));
  return { wall: Number(process.hrtime.bigint() - started) / 1e9, cpu: seconds.reduce((a, b) => a + b, 0), peak };
}

function sizeOf(path) {
  return readdirSync(path, { recursive: true, withFileTypes: true }).filter((e) => e.isFile()).reduce((sum, e) => sum + statSync(join(e.parentPath, e.name)).size, 0) / 1e6;
}

const median = (list) => [...list].sort((a, b) => a - b)[Math.floor(list.length / 2)];
const scratch = mkdtempSync(join(options.scratch ?? tmpdir(), 'holdfast-bench-'));
const chosen = peers(root).filter(({ name }) => !options.peers || options.peers.split(',').includes(name));
const rows = [];

try {
  for (const set of dataSets(scratch, Number(options.scale))) {
    if (options.sets && !options.sets.split(',').includes(set.name)) continue;
    const source = set.make();
    const results = new Map();
    const note = (step, peer, result) => {
      const key = `${step} ${peer}`;
      results.set(key, [...results.get(key) ?? [], result]);
    };
    for (let round = 0; round < rounds; round++) {
      const places = new Map();
      const steps = [
        ['first backup', (p, f) => p.backup(f, source)], ['nothing changed', (p, f) => p.backup(f, source)],
        ...(set.mayChange ? [['1% changed', (p, f) => p.backup(f, source)]] : []),
        ['restore', (p, f) => p.restore(f, join(f, 'out'))], ['check all data', (p, f) => p.check(f)],
      ];
      for (const [step, commandOf] of steps) {
        if (step === '1% changed') changeSome(source);
        // each round another one begins
        for (let i = 0; i < chosen.length; i++) {
          const peer = chosen[(i + round) % chosen.length];
          let folder = places.get(peer);
          const env = () => ({ ...peer.env, ...peer.perFolder?.(folder) });
          if (!folder) {
            folder = join(scratch, `${peer.name}-${round}`);
            mkdirSync(folder);
            places.set(peer, folder);
            await measure(peer.init(folder), env());
          }
          if (step === 'restore') mkdirSync(join(folder, 'out'));
          warm(step === 'restore' || step === 'check all data' ? join(folder, 'repo') : source);
          const result = await measure(commandOf(peer, folder), env());
          note(step, peer.name, { ...result, size: sizeOf(join(folder, 'repo')) });
          if (step === 'restore') rmSync(join(folder, 'out'), { recursive: true, force: true });
          console.error(`${set.name}, round ${round + 1}, ${step}: ${peer.name} ${result.wall.toFixed(1)} s`);
        }
      }
      for (const folder of places.values()) rmSync(folder, { recursive: true, force: true });
    }
    for (const [key, list] of results) {
      const peer = key.slice(key.lastIndexOf(' ') + 1);
      const step = key.slice(0, key.lastIndexOf(' '));
      rows.push({ set: set.name, what: set.what, step, peer, ...Object.fromEntries(['wall', 'cpu', 'peak', 'size'].map((field) => [field, median(list.map((r) => r[field]))])) });
    }
  }
} finally {
  rmSync(scratch, { recursive: true, force: true });
}

const ratio = (row, field) => {
  const base = rows.find((other) => other.set === row.set && other.step === row.step && other.peer === 'restic');
  return base ? (row[field] / base[field]).toFixed(2) : '';
};
const lines = [
  `Medians of ${rounds} rounds on ${cpus().length} cores (${cpus()[0]?.model.trim()}), files warmed before each run. Ratios are to restic; less is better.`, '',
  '| data | step | program | seconds | ratio | CPU s | ratio | peak MB | ratio | repository MB | ratio |', '| --- | --- | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |',
  ...rows.map((r) => `| ${r.what} | ${r.step} | ${r.peer} | ${['wall', 'cpu', 'peak', 'size'].map((f) => `${r[f].toFixed(f === 'peak' || f === 'size' ? 0 : 1)} | ${ratio(r, f)}`).join(' | ')} |`),
];
console.log(lines.join('\n'));
if (options.out) {
  mkdirSync(options.out, { recursive: true });
  writeFileSync(join(options.out, 'benchmarks.svg'), plot(rows));
  writeFileSync(join(options.out, 'benchmarks.md'), `# Benchmarks\n\nMade by \`npm run bench -- ${process.argv.slice(2).join(' ')}\`. The small sets are made by test/bench/data.mjs; each program runs by its own command line with its defaults (test/bench/peers.mjs).\n\n![Seconds per step](benchmarks.svg)\n\n${lines.join('\n')}\n\nMemory at rest: [benchmarks/idle.md](benchmarks/idle.md). Sizes of packages and how long they take to install: [benchmarks/packages.md](benchmarks/packages.md).\n`);
}
