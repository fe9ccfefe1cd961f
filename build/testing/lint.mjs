// @ts-check
/** The checks that need no running program. */
import { inRoot } from '../checkout.mjs';
import { run } from '../run.mjs';

const script = (/** @type {string} */ name, /** @type {string[]} */ ...args) => [inRoot('node_modules', name), ...args];

/** Compiling main has checked its types already; pages and tests are checked here. */
const checks = [
  { name: 'types of pages', args: script('typescript/bin/tsc', '-p', 'tsconfig.web.json', '--pretty', 'false') },
  { name: 'types of tests', args: script('typescript/bin/tsc', '-p', 'tsconfig.test.json', '--pretty', 'false') },
  { name: 'layers', args: script('dependency-cruiser/bin/dependency-cruise.mjs', '--config', '.dependency-cruiser.cjs', 'main', 'preload', 'renderer') },
  { name: 'eslint', args: script('eslint/bin/eslint.js', '.', '--max-warnings', '0', '--cache', '--cache-location', '.cache/eslint', '--cache-strategy', 'content') },
];

/**
 * Runs all checks, whatever each finds, and leaves the processor to whoever else wants it.
 * @param {(name: string, problem: string | undefined) => void} report called after each
 * @param {() => boolean} isStopped asked before each
 */
export async function lint(report, isStopped) {
  for (const { name, args } of checks) {
    if (isStopped()) return;
    const { code, output } = await run(process.execPath, args, { cwd: inRoot(), quiet: true, limit: 30 * 60_000, niceness: 10 });
    report(name, code === 0 ? undefined : output.trim());
  }
}
