// @ts-check
/**
 * npm start [-- argument ...]    sets up what is missing, builds, and starts Holdfast
 *
 * With a display it is the tray app; without one the same hub and agent run in the terminal. Arguments go to the app.
 */
import { spawn } from 'node:child_process';
import { inRoot } from './checkout.mjs';
import { compile } from './compile.mjs';
import { checkNode } from './node-version.mjs';
import { complain } from './say.mjs';
import { dependencies } from './setup/dependencies.mjs';
import { electronRuntime } from './setup/electron-runtime.mjs';
import { alone } from './setup/lock.mjs';
import { sandboxEnvironment } from './setup/sandbox.mjs';
import { desktopNeeds, electronNeeds, systemPackages } from './setup/system-packages.mjs';

/** @typedef {{command: string, args: string[], env: NodeJS.ProcessEnv}} Program */

function hasDisplay() {
  return process.platform === 'darwin' || Boolean(process.env['DISPLAY']) || Boolean(process.env['WAYLAND_DISPLAY']);
}

/** @param {string[]} args @returns {Promise<Program>} */
async function desktop(args) {
  await systemPackages(electronNeeds, desktopNeeds);
  const { folder, executable } = await electronRuntime();
  return {
    command: executable,
    args: [inRoot(), ...args],
    env: { ...process.env, ...sandboxEnvironment(folder) },
  };
}

/** @param {string[]} args @returns {Program} */
function terminal(args) {
  return { command: process.execPath, args: [inRoot('out', 'main', 'cli', 'holdfast.js'), 'start', ...args], env: process.env };
}

/** @param {string[]} args @returns {Promise<Program>} */
async function prepare(args) {
  await dependencies();
  const program = hasDisplay() ? await desktop(args) : terminal(args);
  await compile();
  return program;
}

/**
 * Runs the program in this terminal until it ends. Signals are passed on, so that it ends as it wants to.
 * @param {Program} program @returns {Promise<number>} its exit code
 */
function hold({ command, args, env }) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { env, stdio: 'inherit' });
    for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP'])) {
      // Ctrl-C reaches the whole foreground group by itself; a second one within the same press would mean "at once".
      process.on(signal, () => {
        if (signal !== 'SIGINT' || !process.stdin.isTTY) child.kill(signal);
      });
    }
    child.once('error', reject);
    child.once('close', (code, signal) => resolve(code ?? (signal === 'SIGINT' ? 130 : signal === 'SIGTERM' ? 143 : 137)));
  });
}

try {
  checkNode();
  const args = process.argv.slice(2);
  process.exitCode = await hold(await alone(() => prepare(args)));
} catch (error) {
  complain(error);
  process.exitCode = 1;
}
