/** Waits for the agent to be in a state. */
import type { AgentControl, AgentState } from '../../shared/control.js';
import { HoldfastError } from '../../shared/errors.js';

/**
 * @param met gives what is waited for, or undefined.
 * @param late what to say after `limit` ms; no limit when null.
 * @throws HoldfastError `cancelled` when the signal is aborted.
 */
export function untilState<T>(control: AgentControl, signal: AbortSignal, met: (state: AgentState) => T | undefined, late: { limit: number; sentence: (state: AgentState | null) => string } | null): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    let last: AgentState | null = null;
    const look = (state: AgentState): void => {
      last = state;
      try {
        const found = met(state);
        if (found !== undefined) settle(() => resolve(found));
      } catch (error) {
        settle(() => reject(error as Error));
      }
    };
    const stop = (): void => settle(() => reject(new HoldfastError('cancelled', 'Cancelled.')));
    const timer = late === null ? undefined : setTimeout(() => settle(() => reject(new HoldfastError('hub-unreachable', late.sentence(last)))), late.limit);
    const settle = (finish: () => void): void => {
      clearTimeout(timer);
      end();
      signal.removeEventListener('abort', stop);
      finish();
    };
    const end = control.on('state', look);
    signal.addEventListener('abort', stop);
    if (signal.aborted) stop();
    else control.call('state', {}).then(look, (error: Error) => settle(() => reject(error)));
  });
}
