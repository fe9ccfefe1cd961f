/**
 * A package manager may put another version in the place of this program while it runs. A run that is under way goes on; after it
 * this process makes room, for what it has not loaded yet is of the other version, or gone.
 */
import { stat } from 'node:fs/promises';
import type { Clock } from '../../agent/ports.js';

/** Both service managers start a process again that ends with this; a clean end is one that was asked for. EX_TEMPFAIL of sysexits.h. */
export const startMeAgain = 75;

/** How often the program's file is looked at, ms. */
const lookEvery = 10_000;

export interface ReplacedPorts {
  /** The file that this program was started from. */
  readonly file: string;
  readonly clock: Clock;
  /** Whether leaving now would cut something off. */
  busy(): Promise<boolean>;
  /** Called once, when another file has been there for two looks and nothing is cut off. */
  leave(): void;
}

/** @returns whether another file, or none, is by then where this program was started from */
export async function whetherReplaced(file: string): Promise<() => Promise<boolean>> {
  const first = await identity(file);
  return async () => await identity(file) !== first;
}

/** @returns a function that ends the watch */
export async function watchProgram({ busy, clock, file, leave }: ReplacedPorts): Promise<() => void> {
  const first = await identity(file);
  let before = first;
  let stop = (): void => undefined;
  let ended = false;
  const look = async (): Promise<void> => {
    const now = await identity(file);
    // Missing: it is just being replaced, or was removed, and then nothing could start again.
    const settled = now !== null && now === before && now !== first;
    before = now;
    const goes = settled && !(await busy());
    if (ended) return;
    if (goes) leave();
    else wait();
  };
  const wait = (): void => { stop = clock.after(lookEvery, () => void look()); };
  if (first !== null) wait();
  return () => {
    ended = true;
    stop();
  };
}

/** Changes with every replacement, also by the same version. */
const identity = (file: string): Promise<string | null> => stat(file).then(({ dev, ino, mtimeMs }) => `${dev} ${ino} ${mtimeMs}`, () => null);
