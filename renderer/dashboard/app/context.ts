import { createContext, useCallback, useContext, useEffect, useRef, useState } from 'react';
import { asHoldfastError, type ErrorShape } from '../../../main/shared/errors.js';
import type { ApiParams, ApiResult, ApiRoute, SessionView } from '../../../main/shared/protocol/api.js';
import type { Api } from './api.js';

export const ApiContext = createContext<Api | null>(null);
export const SessionContext = createContext<SessionView | null>(null);

export function useApi(): Api {
  const api = useContext(ApiContext);
  if (api === null) throw new Error('ApiContext is missing');
  return api;
}

export function useSession(): SessionView {
  const session = useContext(SessionContext);
  if (session === null) throw new Error('SessionContext is missing');
  return session;
}

export const useIsAdmin = (): boolean => useSession().role === 'admin';

export interface Fresh<T> {
  /** Null until the first answer. */
  readonly data: T | null;
  readonly error: ErrorShape | null;
  /** Ask now, after a change. */
  reload(): void;
}

/** Something of the hub that stays fresh: asked again after `everyMs`, while the page is looked at. */
export function useFresh<N extends ApiRoute>(name: N, params: ApiParams<N>, everyMs = 4_000): Fresh<ApiResult<N>> {
  const api = useApi();
  const key = JSON.stringify(params);
  const [state, setState] = useState<{ key: string; data: ApiResult<N> | null; error: ErrorShape | null }>({ key, data: null, error: null });
  const [round, setRound] = useState(0);
  const asked = useRef(0);
  useEffect(() => {
    let over = false;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const ask = async (): Promise<void> => {
      const number = (asked.current += 1);
      try {
        if (!document.hidden) {
          const data = await api.call(name, JSON.parse(key) as ApiParams<N>);
          if (!over && number === asked.current) setState({ key, data, error: null });
        }
      } catch (thrown) {
        if (!over) setState((old) => ({ key, data: old.key === key ? old.data : null, error: asHoldfastError(thrown).toShape() }));
      }
      if (!over) timer = setTimeout(() => void ask(), everyMs);
    };
    void ask();
    const shown = (): void => { if (!document.hidden) setRound((n) => n + 1); };
    document.addEventListener('visibilitychange', shown);
    return () => {
      over = true;
      clearTimeout(timer);
      document.removeEventListener('visibilitychange', shown);
    };
  }, [api, name, key, everyMs, round]);
  const reload = useCallback(() => setRound((n) => n + 1), []);
  return { data: state.key === key ? state.data : null, error: state.error, reload };
}

/** A text that has not changed for a moment: not every letter is worth a question to the hub. */
export function useSettled(text: string, afterMs = 250): string {
  const [settled, setSettled] = useState(text);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(text), afterMs);
    return () => clearTimeout(timer);
  }, [text, afterMs]);
  return settled;
}
