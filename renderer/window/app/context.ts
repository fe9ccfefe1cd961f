import { createContext, useCallback, useContext, useEffect, useState, useSyncExternalStore } from 'react';
import { asHoldfastError, type ErrorShape } from '../../../main/shared/errors.js';
import type { AgentStore, AgentView } from './agent-store.js';
import type { Api } from './api.js';

export const AppContext = createContext<{ api: Api; store: AgentStore } | null>(null);

function useApp(): { api: Api; store: AgentStore } {
  const app = useContext(AppContext);
  if (app === null) throw new Error('AppContext is missing');
  return app;
}

export const useApi = (): Api => useApp().api;

export function useAgent(): AgentView {
  const { store } = useApp();
  return useSyncExternalStore(store.subscribe, store.get);
}

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
