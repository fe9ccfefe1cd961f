// @ts-check
/** Running other programs from the build scripts. */
import { spawn } from 'node:child_process';
import { setPriority } from 'node:os';
import { Trouble } from './say.mjs';

/**
 * @typedef {object} RunOptions
 * @property {string} [cwd]
 * @property {NodeJS.ProcessEnv} [env]
 * @property {boolean} [quiet] keep the output, and show it only when the command fails
 * @property {number} [limit] milliseconds after which the command is killed
 * @property {number} [niceness] 0 to 19; the more, the less it takes from others
 */

/**
 * Runs a command to its end.
 * @param {string} command @param {readonly string[]} args @param {RunOptions} [options]
 * @returns {Promise<{code: number, output: string}>} 127 when it cannot be started, 128 and more when a signal ended it
 */
export function run(command, args, options = {}) {
  return new Promise((resolve) => {
    const child = spawn(command, [...args], {
      cwd: options.cwd,
      env: options.env ?? process.env,
      stdio: options.quiet ? ['ignore', 'pipe', 'pipe'] : ['ignore', 'inherit', 'inherit'],
    });
    if (options.niceness !== undefined && child.pid !== undefined) setPriority(child.pid, options.niceness);
    let output = '';
    for (const stream of [child.stdout, child.stderr]) stream?.on('data', (/** @type {Buffer} */ piece) => (output += piece));
    const { limit } = options;
    const timer = limit === undefined ? undefined : setTimeout(() => {
      output += `\nIt took longer than ${limit / 60_000} min and was ended.`;
      child.kill('SIGKILL');
    }, limit);
    child.once('error', (error) => {
      clearTimeout(timer);
      resolve({ code: 127, output: error.message });
    });
    child.once('close', (code) => {
      clearTimeout(timer);
      resolve({ code: code ?? 137, output });
    });
  });
}

/**
 * Runs a command that has to succeed, quietly unless it fails.
 * @param {string} what "compiling main", for the message when it fails
 * @param {string} command @param {readonly string[]} args @param {RunOptions} [options]
 * @returns {Promise<string>} what it printed
 */
export async function mustRun(what, command, args, options = {}) {
  const { code, output } = await run(command, args, { quiet: true, ...options });
  if (code === 0) return output;
  throw new Trouble(`${what} failed (exit ${code}).${output === '' ? '' : `\n${output.trimEnd()}`}`);
}

/** npm as this very process runs it, else the one in PATH. @returns {[string, string[]]} the command and its first arguments */
export function npm() {
  const script = process.env['npm_execpath'];
  return script !== undefined && /npm-cli\.c?js$/.test(script) ? [process.execPath, [script]] : ['npm', []];
}
