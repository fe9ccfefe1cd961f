/** The engine's only door. `createEngine` is for programs that stay, `createLocalEngine` for a command that does one thing. */
export * from './types.js';
export { createEngine } from './thread/engine.js';
export { createLocalEngine } from './engine.js';
export { init, exists, config } from './operations/init.js';
export { backup } from './operations/backup.js';
export { restore } from './operations/restore.js';
export { check } from './operations/check.js';
export { snapshots, ls } from './operations/list.js';
export { diff } from './operations/diff.js';
export { find } from './operations/find.js';
export { upheaval } from './operations/upheaval.js';
export { dump } from './operations/dump.js';
export { forget } from './operations/forget.js';
export { prune } from './operations/prune.js';
export { stats } from './operations/stats.js';
export { copy } from './operations/copy.js';
export { unlock, tag, repairIndex } from './operations/maintain.js';
export { keyList, keyAdd, keyRemove, keyPasswd } from './operations/keys.js';
