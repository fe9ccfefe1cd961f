/** The agent's newest state, for React's useSyncExternalStore. */
import type { AgentState } from '../../../main/shared/control.js';
import { asHoldfastError, type ErrorShape } from '../../../main/shared/errors.js';
import type { Api } from './api.js';

export interface AgentView {
  /** Null until the first answer. */
  readonly state: AgentState | null;
  readonly error: ErrorShape | null;
}

export class AgentStore {
  private view: AgentView = { state: null, error: null };
  private readonly listeners = new Set<() => void>();

  constructor(private readonly api: Api) {
    api.on('state', (state) => this.show({ state, error: null }));
    void this.refresh();
  }

  readonly get = (): AgentView => this.view;

  readonly subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  async refresh(): Promise<void> {
    try {
      this.show({ state: await this.api.call('state', {}), error: null });
    } catch (thrown) {
      this.show({ state: this.view.state, error: asHoldfastError(thrown).toShape() });
    }
  }

  private show(view: AgentView): void {
    this.view = view;
    for (const listener of this.listeners) listener();
  }
}
