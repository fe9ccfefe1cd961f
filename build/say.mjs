// @ts-check
/** What the scripts of this folder say, and how they fail: in sentences. */

/** A failure whose message a person can act on. It is shown without a stack trace. */
export class Trouble extends Error {}

/** Prints one line of progress. @param {string} line */
export function say(line) {
  process.stdout.write(`holdfast: ${line}\n`);
}

/** Prints what went wrong; a stack trace only for what we did not foresee. @param {unknown} error */
export function complain(error) {
  const text = error instanceof Trouble ? error.message : error instanceof Error ? (error.stack ?? error.message) : String(error);
  process.stderr.write(`holdfast: ${text}\n`);
}

/** Seconds since `start` (of performance.now()) for people. @param {number} start */
export function secondsSince(start) {
  return `${((performance.now() - start) / 1000).toFixed(1)} s`;
}
