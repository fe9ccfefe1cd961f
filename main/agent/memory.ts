/** The agent's own settings, read and changed by the rooms that need them. */
import type { Document } from './ports.js';
import type { AgentSettings } from './settings.js';

export class Memory {
  constructor(private readonly document: Document<AgentSettings>, private readonly changed: () => void) {}

  get settings(): AgentSettings {
    return this.document.read();
  }

  /** Stores `change` over what is there. */
  async remember(change: Partial<AgentSettings>): Promise<void> {
    await this.document.write({ ...this.settings, ...change });
    this.changed();
  }
}
