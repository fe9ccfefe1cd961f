/** The person at the test desktop (fake-desktop.mjs): sees notifications and clicks them. */
import { z } from 'zod';
import type { SessionBus } from './session-bus.js';
import { until } from './until.js';

const shownSchema = z.object({
  id: z.number(),
  app: z.string(),
  title: z.string(),
  body: z.string(),
  actions: z.array(z.string()),
  open: z.boolean(),
});
export type ShownNotification = z.infer<typeof shownSchema>;

export class TestDesktop {
  constructor(private readonly bus: SessionBus) {}

  /** Every notification since the last forget(), oldest first. */
  async notifications(): Promise<ShownNotification[]> {
    const [text] = await this.#call('Notifications');
    return z.array(shownSchema).parse(JSON.parse(z.string().parse(text)));
  }

  /** The first notification whose title or body matches, as soon as there is one. */
  async notification(pattern: RegExp, limit = 20_000): Promise<ShownNotification> {
    return until(`a notification says ${pattern}`, async () => (await this.notifications()).find(({ title, body }) => pattern.test(title) || pattern.test(body)), limit);
  }

  /** Clicks a notification; the app is told and the notification closes. */
  async click(id: number, action = 'default'): Promise<void> {
    await this.#call('Click', 'us', [id, action]);
  }

  async forget(): Promise<void> {
    await this.#call('Forget');
  }

  #call(member: string, signature = '', body: unknown[] = []): Promise<unknown[]> {
    return this.bus.call({ destination: 'io.holdfast.test.Desktop', path: '/io/holdfast/test', interface: 'io.holdfast.test.Desktop', member, signature, body });
  }
}
