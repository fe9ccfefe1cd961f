/** The agent's own settings, read and changed by the rooms that need them. */
import type { Document } from './ports.js';
import type { AgentSettings } from './settings.js';

export class Memory {
  private writes: Promise<void> = Promise.resolve();

  constructor(private readonly document: Document<AgentSettings>, private readonly changed: () => void) {}

  get settings(): AgentSettings {
    return this.document.read();
  }

  /** Stores `change` over what is there. */
  remember(change: Partial<AgentSettings>): Promise<void> {
    return this.update(() => change);
  }

  /** The same with a change that is made from what is there, one after the other: two at the same time must not undo each other. */
  update(change: (settings: AgentSettings) => Partial<AgentSettings>): Promise<void> {
    const write = this.writes.then(async () => {
      await this.document.write({ ...this.settings, ...change(this.settings) });
      this.changed();
    });
    this.writes = write.catch(() => undefined);
    return write;
  }
}
