// @ts-check
/** One vitest project in its own process, and what came of it. */
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { inRoot } from '../checkout.mjs';

/** The projects of vitest.config.ts that make `npm test`, in its order: the checks of lint run beside e2e, which mostly waits for windows. */
export const projects = ['e2e', 'unit', 'integration', 'interop'];

/** Milliseconds after which a project that does not end is ended. */
const limit = 15 * 60_000;

/** @typedef {{passed: number, failed: number, skipped: number, problems: string[]}} Outcome */

/**
 * @param {string} project
 * @param {readonly string[]} filters parts of file names
 * @param {NodeJS.ProcessEnv} env
 * @returns {Promise<Outcome>}
 */
export async function runProject(project, filters, env) {
  const folder = mkdtempSync(path.join(tmpdir(), 'holdfast-report-'));
  const file = path.join(folder, 'report.json');
  try {
    const args = ['run', '--project', project, '--reporter=default', '--reporter=json', `--outputFile.json=${file}`, ...(filters.length > 0 ? ['--passWithNoTests'] : []), ...filters];
    const code = await vitest(args, env);
    return judge(project, code, file, filters.length > 0);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** @param {string[]} args @param {NodeJS.ProcessEnv} env @returns {Promise<number>} */
function vitest(args, env) {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [inRoot('node_modules', 'vitest', 'vitest.mjs'), ...args], { cwd: inRoot(), env, stdio: ['ignore', 'inherit', 'inherit'] });
    const timer = setTimeout(() => child.kill('SIGKILL'), limit);
    const pass = (/** @type {NodeJS.Signals} */ signal) => child.kill(signal);
    process.on('SIGINT', pass).on('SIGTERM', pass);
    child.once('error', () => resolve(127));
    child.once('close', (code) => {
      clearTimeout(timer);
      process.off('SIGINT', pass).off('SIGTERM', pass);
      resolve(code ?? 137);
    });
  });
}

/** @param {string} project @param {number} code @param {string} file @param {boolean} mayBeEmpty @returns {Outcome} */
function judge(project, code, file, mayBeEmpty) {
  /** @type {{numPassedTests: number, numFailedTests: number, numPendingTests: number, numTodoTests: number}} */
  let report;
  try {
    report = JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return { passed: 0, failed: 1, skipped: 0, problems: [`${project}: vitest ended with ${code} and left no report`] };
  }
  const outcome = { passed: report.numPassedTests, failed: report.numFailedTests, skipped: report.numPendingTests + report.numTodoTests, problems: [] };
  return { ...outcome, ...strict(project, code, outcome, mayBeEmpty) };
}

/**
 * A test that did not run proves nothing: skipped ones, a file that did not load and a project without tests count as failures.
 * @param {string} project @param {number} code @param {Outcome} outcome @param {boolean} mayBeEmpty
 * @returns {{failed: number, problems: string[]}}
 */
export function strict(project, code, { passed, failed, skipped }, mayBeEmpty) {
  const problems = [];
  let total = failed + skipped;
  if (failed > 0) problems.push(`${project}: ${failed} failed`);
  if (skipped > 0) problems.push(`${project}: ${skipped} skipped, which counts as failed`);
  if (total === 0 && code !== 0) {
    total = 1;
    problems.push(`${project}: vitest ended with ${code} although no test failed`);
  } else if (total === 0 && passed === 0 && !mayBeEmpty) {
    total = 1;
    problems.push(`${project}: no test ran`);
  }
  return { failed: total, problems };
}
