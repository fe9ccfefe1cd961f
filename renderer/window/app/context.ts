import { createContext, useContext, useSyncExternalStore } from 'react';
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
