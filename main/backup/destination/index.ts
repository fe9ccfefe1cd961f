/** Destinations as other rooms see them: presets, the test button, and disks that come and go. */
export { fillPreset, presets, type FilledPreset, type Preset, type PresetField } from './presets.js';
export { probeDestination, type ProbeResult, type ProbeStep } from './probe.js';
export { holdsSecret, withoutSecrets } from './location.js';
export { Volumes, type Placement, type Volume } from './volume/volumes.js';
export { systemVolumes } from './volume/system.js';
