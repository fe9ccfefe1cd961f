// @ts-check
/**
 * node test/bench/idle.mjs [--minutes 4] [--app] [--packages DIR]: the memory of a headless agent that is connected and has nothing to do,
 * of the tray app with its own hub (which needs a display, such as xvfb-run gives), and the sizes of the packages in DIR. Prints tables in
 * Markdown. Linux, after npm run build.
 */
import { spawn, spawnSync, execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import { electronRuntime } from '../../build/setup/electron-runtime.mjs';

const { values: { app, minutes, packages } } = parseArgs({ options: { app: { type: 'boolean', default: false }, minutes: { type: 'string', default: '4' }, packages: { type: 'string' } } });
const command = path.resolve(import.meta.dirname, '../../out/main/cli/holdfast.js');
const folder = mkdtempSync(path.join(tmpdir(), 'holdfast-idle-'));
/** @param {string} name */
const envOf = (name) => ({ ...process.env, HOLDFAST_DATA: path.join(folder, name), HOLDFAST_SECRETS: 'file' });

/** Starts it and waits for a line. @param {string} name @param {RegExp} line @param {string[]} args */
async function start(name, line, ...args) {
  const child = spawn(process.execPath, [command, ...args], { env: envOf(name), stdio: ['ignore', 'pipe', 'ignore'] });
  for await (const said of createInterface(child.stdout)) if (line.test(said)) return child;
  throw new Error(`holdfast ${args.join(' ')} ended`);
}

/** @param {number} pid @param {string} file @param {string} field @returns MB */
const mb = (pid, file, field) => (Number(new RegExp(`^${field}:\\s+(\\d+) kB`, 'm').exec(readFileSync(`/proc/${pid}/${file}`, 'utf8'))?.[1]) / 1024).toFixed(1);

/** A process and all it started. @param {number} pid @returns {number[]} */
function family(pid) {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').filter(Boolean).map(Number);
  return [pid, ...children.flatMap(family)];
}

/** Whether the agent of that folder is connected. @param {string} name */
function isConnected(name) {
  const { status, stdout } = spawnSync(process.execPath, [command, 'status', '--json'], { env: envOf(name), encoding: 'utf8' });
  return status === 0 && JSON.parse(stdout).connection.state === 'connected';
}

/** The tray app without a window. PSS counts shared pages once, so its processes can be added up. */
async function measureApp() {
  const { executable } = await electronRuntime();
  const root = path.resolve(import.meta.dirname, '../..');
  const child = spawn(executable, [...(process.getuid?.() === 0 ? ['--no-sandbox'] : []), root, '--background'], { env: envOf('app'), stdio: 'ignore' });
  running.push(child);
  for (let tries = 0; !isConnected('app'); tries += 1) {
    if (child.exitCode !== null || tries > 60) throw new Error('The app did not connect. It needs a display: xvfb-run -a node test/bench/idle.mjs --app');
    await new Promise((resolve) => { setTimeout(resolve, 500); });
  }
  console.log('\nTray app with its own hub, no window, all its processes, MB:\n\n| after | PSS | processes |\n| --- | --- | --- |');
  for (const seconds of [15, Number(minutes) * 60]) {
    await new Promise((resolve) => { setTimeout(resolve, seconds * 1000); });
    const pids = family(child.pid ?? 0);
    const total = pids.reduce((sum, pid) => sum + Number(mb(pid, 'smaps_rollup', 'Pss')), 0);
    console.log(`| ${seconds < 60 ? `${seconds} s` : `${minutes} min`} | ${total.toFixed(0)} | ${pids.length} |`);
  }
}

/** @type {import('node:child_process').ChildProcess[]} */
const running = [];
try {
  running.push(await start('hub', /^listening on /, 'hub', '--listen', '127.0.0.1:0'));
  const { link } = JSON.parse(execFileSync(process.execPath, [command, 'setup-token', 'create', 'idle', '--json'], { env: envOf('hub'), encoding: 'utf8' }));
  execFileSync(process.execPath, [command, 'join', link], { env: envOf('agent'), stdio: 'ignore' });
  const agent = await start('agent', /^connected to /, 'agent');
  running.push(agent);
  console.log(`Headless agent, connected, Node ${process.versions.node} on ${process.arch}, MB:\n\n| after | VmRSS | of that its own (RssAnon) | PSS |\n| --- | --- | --- | --- |`);
  const pid = agent.pid ?? 0;
  for (const seconds of [15, Number(minutes) * 60]) {
    await new Promise((resolve) => { setTimeout(resolve, seconds * 1000); });
    console.log(`| ${seconds < 60 ? `${seconds} s` : `${minutes} min`} | ${mb(pid, 'status', 'VmRSS')} | ${mb(pid, 'status', 'RssAnon')} | ${mb(pid, 'smaps_rollup', 'Pss')} |`);
  }
  if (app) await measureApp();
  if (packages !== undefined) {
    console.log('\n| package | MB |\n| --- | --- |');
    for (const name of readdirSync(packages).filter((file) => /\.(deb|rpm|tar\.gz|tgz|AppImage|dmg|zip)$/.test(file))) console.log(`| ${name} | ${(statSync(path.join(packages, name)).size / 1e6).toFixed(1)} |`);
  }
} finally {
  for (const child of running.reverse()) child.kill('SIGTERM');
  await Promise.all(running.map((child) => child.exitCode ?? new Promise((resolve) => { child.once('exit', resolve); })));
  rmSync(folder, { recursive: true, force: true });
}
