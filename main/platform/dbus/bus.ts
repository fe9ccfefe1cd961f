/** Message buses, with the three things dbus-next leaves open: a bus that is not there, one that does not answer, and one that goes away. */
import { existsSync } from 'node:fs';
import type { MessageBus } from 'dbus-next';
import { within } from '../time-limit.js';

/** No bus answers there. Callers turn it into what its absence means to them. */
export class NoBus extends Error {
  override readonly name = 'NoBus';
}

export interface Call {
  readonly destination: string;
  readonly path: string;
  readonly interface: string;
  readonly member: string;
  readonly signature?: string;
  readonly body?: readonly unknown[];
}

export interface Bus {
  /** @returns the values of the reply, variants unwrapped. @throws Error the peer's own, or NoBus after `limit` ms. */
  call(call: Call, limit?: number): Promise<unknown[]>;
  /** A property of an object. */
  property(destination: string, path: string, name: `${string}.${string}`, limit?: number): Promise<unknown>;
  /** Calls back on each matching signal until the bus is closed. */
  onSignal(match: { path: string; interface: string; member: string }, listener: (body: unknown[]) => void): Promise<void>;
  /** Called once when the bus goes away by itself. */
  onLost(listener: () => void): void;
  close(): void;
}

type Environment = Readonly<Record<string, string | undefined>>;

/** Where libdbus would look; null where there is no session. */
export function sessionBusAddress(env: Environment): string | null {
  const given = env['DBUS_SESSION_BUS_ADDRESS'];
  if (given?.startsWith('disabled:')) return null; // what Chromium and GLib set where there is none
  if (given) return given;
  const runtime = env['XDG_RUNTIME_DIR'];
  return runtime && existsSync(`${runtime}/bus`) ? `unix:path=${runtime}/bus` : null;
}

export function systemBusAddress(env: Environment): string | null {
  const given = env['DBUS_SYSTEM_BUS_ADDRESS'];
  if (given) return given;
  return existsSync('/run/dbus/system_bus_socket') ? 'unix:path=/run/dbus/system_bus_socket' : null;
}

/** ms that a bus or a service on it has to answer. */
const patience = 5_000;

/** @param address as the specification writes it; null gives NoBus. @throws NoBus. */
export async function connectBus(address: string | null): Promise<Bus> {
  if (address === null) throw new NoBus('there is no message bus here');
  const { default: dbus } = await import('dbus-next');
  let bus: MessageBus;
  try {
    bus = dbus.sessionBus({ busAddress: address });
  } catch (cause) {
    throw new NoBus('the message bus cannot be reached', { cause });
  }
  let lost = (): void => undefined;
  let ended = false;
  const end = (): void => {
    if (ended) return;
    ended = true;
    bus.disconnect();
  };
  const connected = new Promise<void>((resolve, reject) => {
    bus.once('connect', () => resolve());
    bus.on('error', (cause: unknown) => {
      reject(new NoBus('the message bus cannot be reached', { cause }));
      if (!ended) lost();
      end();
    });
  });
  try {
    await within(patience, connected, () => new NoBus('the message bus does not answer'));
  } catch (error) {
    end();
    throw error;
  }
  const call = async ({ destination, path, member, signature = '', body = [], interface: name }: Call, limit = patience): Promise<unknown[]> => {
    const asked = bus.call(new dbus.Message({ destination, path, interface: name, member, signature, body: [...body] }));
    const reply = await within(limit, asked, () => new NoBus(`${destination} does not answer`));
    return (reply?.body ?? []).map((value) => plain(value, dbus.Variant));
  };
  return {
    call,
    property: async (destination, path, full, limit) => {
      const dot = full.lastIndexOf('.');
      const body = [full.slice(0, dot), full.slice(dot + 1)];
      return (await call({ destination, path, interface: 'org.freedesktop.DBus.Properties', member: 'Get', signature: 'ss', body }, limit))[0];
    },
    onSignal: async (match, listener) => {
      bus.on('message', (message: { path: string; interface: string; member: string; body: unknown[] }) => {
        if (message.path === match.path && message.interface === match.interface && message.member === match.member) {
          listener(message.body.map((value) => plain(value, dbus.Variant)));
        }
      });
      const rule = `type='signal',path='${match.path}',interface='${match.interface}',member='${match.member}'`;
      await call({ destination: 'org.freedesktop.DBus', path: '/org/freedesktop/DBus', interface: 'org.freedesktop.DBus', member: 'AddMatch', signature: 's', body: [rule] });
    },
    onLost: (listener) => { lost = listener; },
    close: end,
  };
}

function plain(value: unknown, Variant: new () => { value: unknown }): unknown {
  if (value instanceof Variant) return plain(value.value, Variant);
  if (Array.isArray(value)) return value.map((inner) => plain(inner, Variant));
  if (Buffer.isBuffer(value) || typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, plain(inner, Variant)]));
}
