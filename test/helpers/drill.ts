/** A repository with a snapshot that has dumps beside files, and what a drill needs to look at it. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { drill, type DrillFinding, type DrillPorts } from '../../main/agent/drill/drill.js';
import { emptyScratchRegister, ScratchFolders, type ScratchRegister } from '../../main/agent/drill/scratch.js';
import type { SnapshotReader } from '../../main/agent/restore/reader.js';
import { createLocalEngine, type Engine } from '../../main/backup/index.js';
import { localHost } from '../../main/backup/source/process/host.js';
import { createSnapshotReader } from '../../main/platform/engine/reader.js';
import { memoryDocument } from './agent-world.js';

/** Folders on disks that are all but full. */
export class FullScratchFolders extends ScratchFolders {
  override make(): Promise<string> {
    return super.make({ bytes: Number.MAX_SAFE_INTEGER / 2 });
  }
}

export const fullScratch = (place: string): ScratchFolders =>
  new FullScratchFolders({ register: memoryDocument(emptyScratchRegister), places: [place], sharedPlaces: [place], logger: { log: () => undefined } });

export interface DrillBench {
  readonly engine: Engine;
  readonly reader: SnapshotReader;
  readonly access: { readonly url: string; readonly password: string };
  readonly register: ReturnType<typeof memoryDocument<ScratchRegister>>;
  readonly scratch: ScratchFolders;
  /** Makes a snapshot of folders and of streams. @returns its id */
  backUp(paths: readonly string[], streams?: Readonly<Record<string, AsyncIterable<Uint8Array>>>): Promise<string>;
  drill(snapshot: string, change?: Partial<DrillPorts>, signal?: AbortSignal): Promise<DrillFinding>;
}

/** @param places where scratch folders are made */
export async function drillBench(folder: string, places: readonly string[], env: NodeJS.ProcessEnv = process.env): Promise<DrillBench> {
  const engine = createLocalEngine();
  const access = { url: path.join(folder, 'repository'), password: 'geheim' };
  await engine.init({ repository: access });
  const reader = createSnapshotReader({ with: (work) => work(engine), repository: ({ url, password }) => ({ url, password, cacheFolder: false }) });
  const register = memoryDocument(emptyScratchRegister);
  const scratch = new ScratchFolders({ register, places, sharedPlaces: places, logger: { log: () => undefined } });
  const ports: DrillPorts = { reader, scratch, host: localHost(env), randomInt: (below) => Math.floor(Math.random() * below) };
  return {
    engine, reader, access, register, scratch,
    backUp: async (paths, streams = {}) => {
      const all = Object.entries(streams);
      const summary = await engine.backup({ repository: access, paths: [...paths], streams: all.map(([at]) => ({ path: at, mode: 0o600 })) }, {
        stream: (number) => all[number]?.[1] ?? (async function* none() { /* nothing */ })(),
      });
      return summary.snapshot_id ?? '';
    },
    drill: (snapshot, change = {}, signal = new AbortController().signal) => drill({ ...ports, ...change }, access, snapshot, signal),
  };
}

export async function* bytes(content: Uint8Array | string): AsyncGenerator<Uint8Array> {
  await Promise.resolve();
  yield typeof content === 'string' ? Buffer.from(content) : content;
}

export const fileBytes = (file: string): AsyncGenerator<Uint8Array> => bytes(readFileSync(file));
