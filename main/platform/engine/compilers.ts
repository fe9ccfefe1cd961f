/**
 * V8's compilers, off while there is nothing to compute. An agent at rest answers a heartbeat now and then; compiling for that
 * takes 4 MB of compiler code into memory, and what they make of it stays there. Backups compute for minutes: for as long as
 * the engine works, they are on, in all threads. Flags of V8 may be changed while it runs, https://nodejs.org/docs/latest-v20.x/api/v8.html#v8setflagsfromstringflags;
 * these two only decide whether a function that is often called gets compiled.
 */
import { setFlagsFromString } from 'node:v8';

export interface Compilers {
  /** @returns what to call when the work is done. */
  wake(): () => void;
}

/** For an agent that has its process for itself. Switches them off at once. */
export function restingCompilers(setFlag: (flag: string) => void = setFlagsFromString): Compilers {
  let working = 0;
  const set = (on: boolean): void => {
    for (const name of ['opt', 'sparkplug']) setFlag(on ? `--${name}` : `--no-${name}`);
  };
  set(false);
  return {
    wake: () => {
      if (working === 0) set(true);
      working += 1;
      let done = false;
      return () => {
        if (done) return;
        done = true;
        working -= 1;
        if (working === 0) set(false);
      };
    },
  };
}

/** For a process that has more to do than its agent. */
export const busyCompilers: Compilers = { wake: () => () => undefined };
