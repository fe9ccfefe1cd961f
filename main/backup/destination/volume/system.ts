/** The volumes of this computer. Apart from the room's index, so that whoever wants disks alone does not load the backends. */
import { LinuxVolumes } from './linux.js';
import { MacVolumes } from './macos.js';
import { Volumes } from './volumes.js';

export function systemVolumes(platform: NodeJS.Platform = process.platform): Volumes {
  return new Volumes(platform === 'darwin' ? new MacVolumes() : new LinuxVolumes());
}
