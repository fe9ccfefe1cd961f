/** Finds a tool, or says in one sentence which package holds it. */
import { HoldfastError } from '../../../shared/errors.js';
import type { Host } from './host.js';

export interface ToolNeed {
  /** Names in the order of preference. */
  readonly programs: readonly string[];
  /** Package that holds it, by the tool that installs packages here. */
  readonly packages: { readonly debian: string; readonly fedora: string; readonly homebrew: string };
}

/** @throws HoldfastError `source-failed` when none of its programs is there. */
export async function findTool(host: Host, need: ToolNeed): Promise<string> {
  const found = await host.find(need.programs);
  if (found !== null) return found;
  const { packages, programs } = need;
  const name = programs.at(-1) ?? '';
  if (host.container !== null) throw new HoldfastError('source-failed', `There is no ${name} in the container ${host.container}. Use the server's official image, or install ${name} on this computer and name the server's port instead of the container.`);
  throw new HoldfastError('source-failed', `${name} is not on this computer. ${await advice(host, packages)}`);
}

async function advice(host: Host, packages: ToolNeed['packages']): Promise<string> {
  if (process.platform === 'darwin') return `Install it with: brew install ${packages.homebrew}`;
  if (await host.find(['apt-get']) !== null) return `Install it with: sudo apt-get install ${packages.debian}`;
  if (await host.find(['dnf']) !== null) return `Install it with: sudo dnf install ${packages.fedora}`;
  return `Install the package of your system that holds it; Debian calls it ${packages.debian}.`;
}
