/** Counts what a backup will read, beside the backup itself, so that progress has totals. */
import { readdirSync } from 'node:fs';
import { posix } from 'node:path';
import { setImmediate as yieldToEvents } from 'node:timers/promises';
import { typeOf } from '../format/mode.js';
import { toBytes, type ByteString } from '../format/text.js';
import type { Files } from '../posix/files.js';
import type { Selector } from './archiver.js';
import type { Target } from './targets.js';

export interface Totals { files: number; bytes: number }

const sliceMs = 4;

/** @returns null when `stopped` said so before the end. Unreadable folders are passed over: the backup reports them. */
export async function scan(top: Target, base: ByteString, files: Files, selector: Selector, stopped: () => boolean): Promise<Totals | null> {
  const totals: Totals = { files: 0, bytes: 0 };
  const roots: ByteString[] = [];
  const collect = (target: Target): void => {
    if (target.path !== undefined) roots.push(posix.resolve(base, target.path));
    else target.children.forEach(collect);
  };
  collect(top);
  let last = performance.now();

  async function visit(path: ByteString, explicit: boolean): Promise<void> {
    if (performance.now() - last > sliceMs) {
      await yieldToEvents();
      last = performance.now();
    }
    if (stopped()) return;
    let stat;
    try {
      stat = files.lstat(path);
    } catch {
      return;
    }
    if (explicit) selector.begin(stat);
    else if (selector.excludes(path, stat) !== null) return;
    const type = typeOf(stat.mode);
    if (type === 'file') {
      totals.files++;
      totals.bytes += stat.size;
    }
    if (type !== 'dir') return;
    let names: ByteString[];
    try {
      names = readdirSync(toBytes(path), { encoding: 'latin1' });
    } catch {
      return;
    }
    if (selector.enter(path, names) === null) for (const name of names) await visit(path === '/' ? `/${name}` : `${path}/${name}`, false);
    selector.leave(path);
  }

  for (const root of roots) await visit(root, true);
  return stopped() ? null : totals;
}
