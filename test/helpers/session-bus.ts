/** Raw calls on the session bus. Chromium's objects carry no introspection data, so proxies do not work on them. */
import dbus from 'dbus-next';

export interface Call {
  readonly destination: string;
  readonly path: string;
  readonly interface: string;
  readonly member: string;
  readonly signature?: string;
  readonly body?: readonly unknown[];
}

/** One connection to the test session's bus. Close it when the test ends. */
export class SessionBus {
  readonly #bus = dbus.sessionBus();

  /** The values that the called method returned, with every variant unwrapped. */
  async call({ path, destination, member, signature = '', body = [], interface: name }: Call): Promise<unknown[]> {
    const reply = await this.#bus.call(new dbus.Message({ destination, path, interface: name, member, signature, body: [...body] }));
    return (reply?.body ?? []).map(plain);
  }

  close(): void {
    this.#bus.disconnect();
  }
}

/** An int32 as a variant, for methods that take one. */
export const int32Variant = (value: number): unknown => new dbus.Variant('i', value);

function plain(value: unknown): unknown {
  if (value instanceof dbus.Variant) return plain(value.value);
  if (Array.isArray(value)) return value.map(plain);
  if (Buffer.isBuffer(value) || typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, plain(inner)]));
}
