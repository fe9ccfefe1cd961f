/** The engine's only door. */
export * from './types.js';
export { init, config } from './operations/init.js';
export { backup } from './operations/backup.js';
