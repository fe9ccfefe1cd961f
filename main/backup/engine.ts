/** All operations, run in the calling thread: for a command that does one thing and ends. */
import { backup } from './operations/backup.js';
import { check } from './operations/check.js';
import { diff } from './operations/diff.js';
import { find } from './operations/find.js';
import { copy } from './operations/copy.js';
import { dump } from './operations/dump.js';
import { forget } from './operations/forget.js';
import { config, exists, init } from './operations/init.js';
import { keyAdd, keyList, keyPasswd, keyRemove } from './operations/keys.js';
import { ls, snapshots } from './operations/list.js';
import { repairIndex, tag, unlock } from './operations/maintain.js';
import { probe } from './operations/probe.js';
import { prune } from './operations/prune.js';
import { restore } from './operations/restore.js';
import { stats } from './operations/stats.js';
import { upheaval } from './operations/upheaval.js';
import type { Engine } from './types.js';

export const operations = {
  init, exists, probe, config, backup, restore, snapshots, ls, find, diff, upheaval, dump, check, forget, prune, unlock, stats, tag, copy, repairIndex,
  keyList, keyAdd, keyRemove, keyPasswd,
} satisfies Omit<Engine, 'close'>;

export function createLocalEngine(): Engine {
  return { ...operations, close: () => Promise.resolve() };
}
