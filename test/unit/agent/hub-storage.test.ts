import { expect, test } from 'vitest';
import { HubStoragePlace } from '../../../main/agent/destinations/hub-storage.js';
import { Escrow } from '../../../main/agent/escrow/escrow.js';
import type { SecretStore } from '../../../main/agent/ports.js';
import type { TunnelIdentity } from '../../../main/agent/tunnel-port.js';
import { HoldfastError } from '../../../main/shared/errors.js';
import type { RecoveryConsent, SealedPassword } from '../../../main/shared/protocol/recovery.js';
import { hubStorageDestination, hubStorageUrl } from '../../../main/shared/protocol/storage.js';

function secretsOf(): SecretStore & { kept: Map<string, string> } {
  const kept = new Map<string, string>();
  return {
    kept, kind: 'file', description: 'a test',
    get: (name) => Promise.resolve(kept.get(name) ?? null),
    set: (name, value) => { kept.set(name, value); return Promise.resolve(); },
    delete: (name) => { kept.delete(name); return Promise.resolve(); },
  };
}

function placeWith(identity: { now: TunnelIdentity | null }) {
  const secrets = secretsOf();
  let asked = 0;
  const place = new HubStoragePlace({ secrets, identity: () => Promise.resolve(identity.now), askCredentials: () => Promise.resolve({ user: '7', password: `password${(asked += 1)}` }) });
  return { place, secrets, asked: () => asked };
}
const identity = (change: Partial<TunnelIdentity> = {}): TunnelIdentity => ({ url: 'https://office:7878', fingerprint: 'ab'.repeat(32), token: `7|${'x'.repeat(40)}`, ...change });

test('hub storage is found at the hub of today, with credentials that are asked for once', async () => {
  const who: { now: TunnelIdentity | null } = { now: identity() };
  const { place, asked } = placeWith(who);
  expect(await place.of('/media/disk')).toEqual({ url: '/media/disk' });
  const [first, second] = await Promise.all([place.of(hubStorageUrl), place.of(hubStorageUrl)]);
  expect(first).toEqual({ url: 'rest:https://office:7878/storage/7/', backend: { user: '7', password: 'password1', 'certificate-pin': 'ab'.repeat(32) } });
  expect(second).toEqual(first);
  expect(first.url).not.toContain('password');
  await place.renew();
  expect((await place.of(hubStorageUrl)).backend).toMatchObject({ password: 'password2' });
  // Another hub does not know the password of the one before.
  who.now = identity({ url: 'https://other:7878', fingerprint: null });
  expect(await place.of(hubStorageUrl)).toEqual({ url: 'rest:https://other:7878/storage/7/', backend: { user: '7', password: 'password3' } });
  expect(asked()).toBe(3);
  who.now = null;
  await expect(place.of(hubStorageUrl)).rejects.toMatchObject({ code: 'destination-missing' });
});

test('credentials that are damaged in the store are asked for again', async () => {
  const { place, secrets } = placeWith({ now: identity() });
  secrets.kept.set('hub-storage', '{ not JSON');
  expect((await place.of(hubStorageUrl)).backend).toMatchObject({ password: 'password1' });
});

const key = (letter: string): string => `age1${letter.repeat(58)}`;

interface EscrowWorld { consent: RecoveryConsent | null; recipient: string | null; sent: SealedPassword[]; password: string; fails: boolean; lines: string[]; escrow: Escrow }

function escrowWith(first: RecoveryConsent | null): EscrowWorld {
  const world: EscrowWorld = {
    consent: first, recipient: key('q'), sent: [], password: 'secret', fails: false, lines: [],
    escrow: new Escrow({
      logger: { log: (level, message) => { world.lines.push(`${level}: ${message}`); } },
      consent: () => world.consent,
      remember: (consent) => { world.consent = consent; return Promise.resolve(); },
      offers: () => (world.fails ? Promise.reject(new HoldfastError('upgrade-needed', 'No.')) : Promise.resolve({ storage: true, recipient: world.recipient })),
      send: (passwords) => { world.sent.push(...passwords); return Promise.resolve(); },
      destinations: () => [hubStorageDestination, hubStorageDestination],
      password: () => Promise.resolve(world.password),
      seal: (recipient, text) => Promise.resolve(`sealed ${recipient} ${text.length}`),
    }),
  };
  return world;
}

test('no password leaves before its owner said yes, and each leaves once', async () => {
  const world = escrowWith(null);
  await world.escrow.connected();
  expect(world.consent).toEqual({ recipient: key('q'), answer: 'asked' });
  await world.escrow.look();
  expect(world.sent).toEqual([]);
  await world.escrow.answer(key('q'), false);
  await world.escrow.look();
  expect(world.sent).toEqual([]);
  await world.escrow.answer(key('q'), true);
  await world.escrow.look();
  await world.escrow.look();
  expect(world.sent.map((each) => each.sealed)).toEqual([`sealed ${key('q')} 6`]);
  world.password = 'another';
  await world.escrow.look();
  expect(world.sent).toHaveLength(2);
  expect(world.lines.join('\n')).not.toMatch(/secret|another/);
});

test('a key that changes is asked about again, an answer to an old question is refused, and a hub without one ends it', async () => {
  const world = escrowWith({ recipient: key('q'), answer: 'allowed' });
  world.recipient = key('z');
  await world.escrow.connected();
  expect(world.consent).toEqual({ recipient: key('z'), answer: 'asked' });
  expect(world.sent).toEqual([]);
  await expect(world.escrow.answer(key('q'), true)).rejects.toMatchObject({ code: 'not-found' });
  world.recipient = null;
  await world.escrow.look();
  expect(world.consent).toBeNull();
  world.fails = true; // an older hub
  await world.escrow.look();
  expect(world.lines.filter((line) => line.startsWith('warn'))).toEqual([]);
});
