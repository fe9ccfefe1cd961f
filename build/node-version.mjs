// @ts-check
import { Trouble } from './say.mjs';

/** The oldest Node that every tool of the build runs on. */
const oldest = [20, 19];

/** Says so at once when this Node is too old, instead of letting a tool fail in a way nobody understands. */
export function checkNode() {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  if (major > oldest[0] || (major === oldest[0] && minor >= oldest[1])) return;
  throw new Trouble(`Building Holdfast needs Node ${oldest.join('.')} or newer; this is ${process.versions.node}.`);
}
