/** The engine's only door. */
export * from './types.js';
export { init, config } from './operations/init.js';
export { backup } from './operations/backup.js';
export { restore } from './operations/restore.js';
export { check } from './operations/check.js';
export { snapshots, ls } from './operations/list.js';
