/** Destinations as other rooms see them: the test button, and disks that come and go. */
export { probeDestination } from './probe.js';
export type { ProbeResult, ProbeStep } from '../types.js';
export { holdsSecret, withoutSecrets } from './location.js';
export { Volumes, type Placement, type Volume } from './volume/volumes.js';
export { systemVolumes } from './volume/system.js';
