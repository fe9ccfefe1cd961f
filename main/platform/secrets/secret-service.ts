/**
 * Is there a keychain on this Linux session, and is it open? Asked over D-Bus before keytar is: keytar gives null for a locked
 * keychain as it does for a missing secret. https://specifications.freedesktop.org/secret-service-spec/latest/
 */
import { connectBus, sessionBusAddress } from '../dbus/bus.js';

/** `absent`: no bus, no service, or a service without a default keychain. */
export type KeychainState = 'open' | 'locked' | 'absent';

const service = 'org.freedesktop.secrets';

export async function secretServiceState(env: Readonly<Record<string, string | undefined>>): Promise<KeychainState> {
  const bus = await connectBus(sessionBusAddress(env)).catch(() => null);
  if (bus === null) return 'absent';
  try {
    const [collection] = await bus.call({
      destination: service, path: '/org/freedesktop/secrets', interface: 'org.freedesktop.Secret.Service', member: 'ReadAlias', signature: 's', body: ['default'],
    });
    if (typeof collection !== 'string' || collection === '/') return 'absent';
    return (await bus.property(service, collection, 'org.freedesktop.Secret.Collection.Locked')) === false ? 'open' : 'locked';
  } catch {
    return 'absent';
  } finally {
    bus.close();
  }
}
