/** What both pages do the same way: things started with a button, and ages that grow. */
import { useCallback, useEffect, useState } from 'react';
import { asHoldfastError, type ErrorShape } from '../../main/shared/errors.js';

export interface Action {
  /** Does it, once at a time; a failure becomes `error`. */
  run(work: () => Promise<unknown>): Promise<boolean>;
  readonly pending: boolean;
  readonly error: ErrorShape | null;
}

/** Something a person starts with a button: whether it is under way, and how it failed. */
export function useAction(): Action {
  const [pending, setPending] = useState(false);
  const [error, setError] = useState<ErrorShape | null>(null);
  const run = useCallback(async (work: () => Promise<unknown>) => {
    setPending(true);
    setError(null);
    try {
      await work();
      return true;
    } catch (thrown) {
      const failure = asHoldfastError(thrown);
      if (failure.code !== 'cancelled') setError(failure.toShape());
      return false;
    } finally {
      setPending(false);
    }
  }, []);
  return { run, pending, error };
}

/** The time, ms since the epoch, kept fresh so that ages on screen grow. */
export function useNow(everyMs = 30_000): number {
  const [now, setNow] = useState(() => Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), everyMs);
    return () => clearInterval(timer);
  }, [everyMs]);
  return now;
}
