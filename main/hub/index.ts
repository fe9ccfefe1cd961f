/** The hub's door: start one in this process, or talk to the one that runs in a data folder. */
export { startHub } from './hub.js';
export { lanAddresses } from './tls/certificate.js';
export { connectHubAdmin } from './local-socket/client.js';
export type { HubClock, HubLogger, HubOptions, RunningHub } from './options.js';
export type { HubAdmin } from '../shared/protocol/admin.js';
