/**
 * Is there a keychain on this Linux session, and is it open? Asked over D-Bus before keytar is: keytar gives null for a locked
 * keychain as it does for a missing secret. https://specifications.freedesktop.org/secret-service-spec/latest/
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { connectBus, sessionBusAddress, type Bus } from '../dbus/bus.js';

/** `absent`: no bus, no service, or a service without a default keychain. */
export type KeychainState = 'open' | 'locked' | 'absent';

const service = 'org.freedesktop.secrets';

/** A service that has just started, or whose keychain is just being locked, may have no default keychain for a moment, ms. */
const again = 300;

export async function secretServiceState(env: Readonly<Record<string, string | undefined>>): Promise<KeychainState> {
  const bus = await connectBus(sessionBusAddress(env)).catch(() => null);
  if (bus === null) return 'absent';
  try {
    const first = await stateOn(bus);
    if (first !== 'absent') return first;
    // "absent" makes a file of it for good, so it is not said lightly.
    await sleep(again);
    return await stateOn(bus);
  } finally {
    bus.close();
  }
}

async function stateOn(bus: Bus): Promise<KeychainState> {
  try {
    const [collection] = await bus.call({
      destination: service, path: '/org/freedesktop/secrets', interface: 'org.freedesktop.Secret.Service', member: 'ReadAlias', signature: 's', body: ['default'],
    });
    if (typeof collection !== 'string' || collection === '/') return 'absent';
    return (await bus.property(service, collection, 'org.freedesktop.Secret.Collection.Locked')) === false ? 'open' : 'locked';
  } catch {
    return 'absent';
  }
}
