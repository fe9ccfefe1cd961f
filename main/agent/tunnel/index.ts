/** The tunnel's door. */
export { createTunnel, type TunnelOptions } from './tunnel.js';
export { dialWebSocket } from './dial.js';
export { enrolAtHub } from './enrol.js';
