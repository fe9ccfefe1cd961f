// @ts-check
/**
 * npm test                                   sets up what is missing, builds, and runs every check and test
 * npm test -- --only unit,e2e [FILTER ...]   some of: lint e2e unit integration interop; filters are parts of file names
 *
 * The last line is "N passed, N failed". Whatever could not run counts as failed.
 */
import { compile } from './compile.mjs';
import { checkNode } from './node-version.mjs';
import { Trouble, complain, say, secondsSince } from './say.mjs';
import { dependencies } from './setup/dependencies.mjs';
import { electronRuntime } from './setup/electron-runtime.mjs';
import { alone } from './setup/lock.mjs';
import { sandboxEnvironment } from './setup/sandbox.mjs';
import { systemPackages, testNeeds } from './setup/system-packages.mjs';
import { lint } from './testing/lint.mjs';
import { withSession } from './testing/session.mjs';
import { projects, runProject } from './testing/vitest.mjs';

const parts = ['lint', ...projects];
const total = { passed: 0, failed: 0 };
/** @type {string[]} */
const problems = [];
let isInSession = false;
let isStopped = false;

/** @param {string[]} args @returns {{only: string[], filters: string[]}} */
function choice(args) {
  const at = args.indexOf('--only');
  if (at < 0) return { only: parts, filters: args };
  const only = (args[at + 1] ?? '').split(',');
  const unknown = only.find((part) => !parts.includes(part));
  if (unknown !== undefined) throw new Trouble(`There is no part "${unknown}" of the tests. The parts are: ${parts.join(', ')}.`);
  return { only, filters: args.filter((_, index) => index !== at && index !== at + 1) };
}

async function setUp() {
  await dependencies();
  await systemPackages(testNeeds);
  const runtime = await electronRuntime();
  await compile();
  return { ...process.env, ...sandboxEnvironment(runtime.folder), ELECTRON_OVERRIDE_DIST_PATH: runtime.folder };
}

/** @param {string} name @param {string | undefined} problem */
function reportCheck(name, problem) {
  if (problem === undefined) {
    total.passed += 1;
    say(`${name}: fine`);
  } else {
    total.failed += 1;
    problems.push(`lint: ${name}`);
    say(`${name}: failed\n${problem}`);
  }
}

/** @param {string[]} args */
async function main(args) {
  checkNode();
  const { only, filters } = choice(args);
  const start = performance.now();
  const env = await alone(setUp);
  say(`set up in ${secondsSince(start)}`);
  const linting = only.includes('lint') ? lint(reportCheck, () => isStopped) : Promise.resolve();
  const chosen = projects.filter((project) => only.includes(project));
  if (chosen.length > 0) {
    await withSession(env, async (session) => {
      isInSession = true;
      for (const project of chosen) {
        if (isStopped) return;
        const outcome = await runProject(project, filters, session);
        total.passed += outcome.passed;
        total.failed += outcome.failed;
        problems.push(...outcome.problems);
      }
    });
  }
  await linting;
  if (total.passed + total.failed === 0) throw new Trouble('Nothing ran.');
  say(`all of it took ${secondsSince(start)}`);
}

// A signal ends the tests that run (vitest.mjs passes it on); the session is then taken down as after any other end.
for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM'])) {
  process.on(signal, () => {
    if (!isInSession) process.exit(130);
    if (!isStopped) problems.push(`stopped by ${signal}`);
    isStopped = true;
  });
}

try {
  await main(process.argv.slice(2));
} catch (error) {
  complain(error);
  total.failed += 1;
}
for (const problem of problems) say(problem);
process.exitCode = total.failed > 0 || problems.length > 0 ? 1 : 0;
process.stdout.write(`${total.passed} passed, ${total.failed} failed\n`);
