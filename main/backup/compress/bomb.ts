/** How much may come out of compressed bytes, so that a few of them cannot take the memory of the computer. */

const mebibyte = 1024 * 1024;
/** Any file or blob of restic's may become as large as this. */
const always = 64 * mebibyte;
/** Text of a repository shrinks to a tenth, and to a fiftieth when all names and times are alike. */
const largestRatio = 256;
/** Longer text than this cannot be read by JSON.parse. */
const mostText = 512 * mebibyte;

/** @param compressed how many bytes there are. @returns the most that they may become */
export function mostFrom(compressed: number): number {
  return Math.min(mostText, Math.max(always, compressed * largestRatio));
}
