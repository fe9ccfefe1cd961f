/** Restore drills on this computer: where they may write, what they remember, and the tools they run. */
import { tmpdir } from 'node:os';
import path from 'node:path';
import { randomInt } from 'node:crypto';
import type { AgentOptions } from '../../agent/agent.js';
import { drill } from '../../agent/drill/drill.js';
import { drillHistorySchema, emptyDrillHistory } from '../../agent/drill/drills.js';
import { emptyScratchRegister, ScratchFolders, scratchRegisterSchema } from '../../agent/drill/scratch.js';
import type { Logger } from '../../agent/ports.js';
import type { SnapshotReader } from '../../agent/restore/reader.js';
import { localHost } from '../../backup/source/process/host.js';
import { openDocument } from '../files/document.js';
import type { Paths } from '../paths/paths.js';

export interface DrillSources {
  readonly paths: Pick<Paths, 'drillsFile' | 'drillFoldersFile' | 'cacheFolder'>;
  readonly env: NodeJS.ProcessEnv;
  readonly logger: Logger;
  readonly reader: SnapshotReader;
}

const remedy = 'Move it away and start again; drills then begin anew.';

export async function openDrills({ paths, env, logger, reader }: DrillSources): Promise<AgentOptions['drills']> {
  const history = await openDocument({ file: paths.drillsFile, schema: drillHistorySchema, initial: emptyDrillHistory, remedy });
  const register = await openDocument({ file: paths.drillFoldersFile, schema: scratchRegisterSchema, initial: emptyScratchRegister, remedy });
  // A folder that TMPDIR names was chosen; otherwise the cache folder's disk usually has more room than a /tmp in memory.
  const chosen = env['TMPDIR'];
  const usual = [path.join(paths.cacheFolder, 'drills'), '/var/tmp', tmpdir()];
  const scratch = new ScratchFolders({
    register, logger,
    places: chosen ? [chosen, ...usual] : usual,
    sharedPlaces: [...(chosen ? [chosen] : []), '/var/tmp', '/tmp'],
  });
  const host = localHost(env);
  return {
    history,
    carryOut: (repository, snapshotId, signal) => drill({ reader, scratch, host, randomInt: (below) => randomInt(below) }, repository, snapshotId, signal),
    removeLeftovers: () => scratch.removeLeftovers(),
  };
}
