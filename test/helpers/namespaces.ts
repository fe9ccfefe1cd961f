/** A hub and computers behind their own routers, each in a network namespace of its own. Needs root. */
import { onTestFinished } from 'vitest';
import { cable, Namespace, type End } from './netns.js';

export interface HiddenComputer {
  readonly space: Namespace;
  /** What the hub sees of it: its router's outer address. */
  readonly seenAs: string;
  /** Its own end of the cable to its router. */
  readonly end: End;
  /** Pulls that cable, without a word to anybody, or puts it back. */
  plug(isPlugged: boolean): void;
  /** Where the hub is, from here. */
  readonly hubAddress: string;
}

export interface Office {
  readonly hub: Namespace;
  /** Where the hub is, from this test: the browser's way in. */
  readonly hubAddress: string;
  /** Another computer behind a router of its own. */
  computer(): HiddenComputer;
}

/** All of it is gone when the test ends. Call it before processes are started in it. */
export function office(): Office {
  const spaces: Namespace[] = [];
  const make = (): Namespace => {
    const space = new Namespace();
    spaces.push(space);
    return space;
  };
  onTestFinished(() => { for (const space of spaces) space.remove(); });
  const hub = make();
  const [, way] = cable(null, hub);
  return {
    hub,
    hubAddress: way.address,
    computer: () => {
      const [space, router] = [make(), make()];
      const [end, gate] = cable(space, router);
      const [outer, far] = cable(router, hub);
      space.route(gate);
      router.masquerade(outer);
      return {
        space, seenAs: outer.address, end, hubAddress: far.address,
        plug: (isPlugged) => {
          end.plug(isPlugged);
          if (isPlugged) space.route(gate);
        },
      };
    },
  };
}
