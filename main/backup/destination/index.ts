/** Destinations as other rooms see them: presets, the test button, and disks that come and go. */
import { LinuxVolumes } from './volume/linux.js';
import { MacVolumes } from './volume/macos.js';
import { Volumes } from './volume/volumes.js';

export { fillPreset, presets, type FilledPreset, type Preset, type PresetField } from './presets.js';
export { probeDestination, type ProbeResult, type ProbeStep } from './probe.js';
export { holdsSecret, withoutSecrets } from './location.js';
export { Volumes, type Placement, type Volume } from './volume/volumes.js';

/** The volumes of this computer. */
export function systemVolumes(platform: NodeJS.Platform = process.platform): Volumes {
  return new Volumes(platform === 'darwin' ? new MacVolumes() : new LinuxVolumes());
}
