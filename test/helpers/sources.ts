/** What tests of sources share: ports, and reading streams to their end. */
import { readFileSync, readdirSync } from 'node:fs';
import { open } from 'node:fs/promises';
import type { OpenedSource, SnapshotStream, SourcePorts } from '../../main/backup/source/source.js';

/** Ports that know these passwords and remember what was told. */
export function sourcePorts(passwords: Readonly<Record<string, string>> = {}, env: Readonly<Record<string, string | undefined>> = process.env): SourcePorts & { readonly warnings: string[] } {
  const warnings: string[] = [];
  return { env, warnings, password: (target) => Promise.resolve(passwords[target] ?? null), warn: (text) => { warnings.push(text); } };
}

export const never = new AbortController().signal;

export function streamOf(source: OpenedSource, ending: string): SnapshotStream {
  const found = source.streams.find(({ path }) => path.endsWith(ending));
  if (!found) throw new Error(`no stream ends in ${ending}: ${source.streams.map(({ path }) => path).join(', ')}`);
  return found;
}

export async function contentOf(stream: SnapshotStream): Promise<Buffer> {
  const pieces: Uint8Array[] = [];
  for await (const piece of stream.open(never)) pieces.push(piece);
  return Buffer.concat(pieces);
}

export async function saveStream(stream: SnapshotStream, file: string): Promise<void> {
  const handle = await open(file, 'w');
  try {
    for await (const piece of stream.open(never)) await handle.write(piece);
  } finally {
    await handle.close();
  }
}

/** Process ids below this process, zombies included, with their command lines. */
export function childrenOf(pid = process.pid): string[] {
  return readdirSync('/proc').filter((name) => /^\d+$/.test(name)).flatMap((name) => {
    try {
      const stat = readFileSync(`/proc/${name}/stat`, 'utf8');
      const parent = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1];
      return parent === String(pid) ? [readFileSync(`/proc/${name}/cmdline`, 'utf8').replaceAll('\0', ' ').trim() || stat] : [];
    } catch {
      return []; // it has ended meanwhile
    }
  });
}
