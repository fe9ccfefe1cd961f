import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { keychainService } from '../../../main/platform/secrets/keychain.js';
import { openSecrets } from '../../../main/platform/secrets/index.js';
import { secretServiceState } from '../../../main/platform/secrets/secret-service.js';
import { confStore } from '../../../main/platform/settings/conf.js';
import { findPaths } from '../../../main/platform/paths/paths.js';
import { openSettings } from '../../../main/platform/settings/settings.js';
import { run, runOk } from '../../helpers/processes.js';
import { tempFolder } from '../../helpers/temp.js';
import { bareBus, keyringOn, lockKeyring, privateBus } from './private-bus.js';

const probe = fileURLToPath(new URL('secret-probe.mjs', import.meta.url));

/** One call of the built keychain store, in its own process on its own bus. */
async function ask(address: string | undefined, folder: string, ...args: string[]): Promise<unknown> {
  const env = { DBUS_SESSION_BUS_ADDRESS: address, XDG_RUNTIME_DIR: folder, HOLDFAST_DATA: folder, DISPLAY: undefined };
  return JSON.parse(await runOk(process.execPath, [probe, ...args], { env, limit: 30_000 }));
}

describe.runIf(process.platform === 'linux')('the keychain, for real', () => {
  it('keeps what secret-tool then finds, and forgets it', async () => {
    const address = await privateBus();
    await keyringOn(address);
    const folder = tempFolder();
    expect(await ask(address, folder, 'get', 'agent-token')).toEqual({ result: null });
    expect(await ask(address, folder, 'set', 'agent-token', '1|secret ü')).toEqual({ result: null });
    expect(await ask(address, folder, 'get', 'agent-token')).toEqual({ result: '1|secret ü' });
    const lookup = await run('secret-tool', ['lookup', 'service', keychainService, 'account', `agent-token in ${folder}`], { env: { DBUS_SESSION_BUS_ADDRESS: address } });
    expect(lookup.stdout).toBe('1|secret ü');
    expect(await ask(address, folder, 'delete', 'agent-token')).toEqual({ result: null });
    expect(await ask(address, folder, 'get', 'agent-token')).toEqual({ result: null });
  });

  it('that is locked says so and does not call a secret absent', async () => {
    const address = await privateBus();
    await keyringOn(address);
    const folder = tempFolder();
    await ask(address, folder, 'set', 'agent-token', 'x');
    await lockKeyring(address);
    expect(await secretServiceState({ DBUS_SESSION_BUS_ADDRESS: address })).toBe('locked');
    expect(await ask(address, folder, 'get', 'agent-token')).toMatchObject({ code: 'keychain-locked' });
    expect(await ask(address, folder, 'set', 'other', 'x')).toMatchObject({ code: 'keychain-locked' });
  });

  it.each(['no service on the bus', 'no bus', 'a bus that is gone'])('is unavailable with %s', async (what) => {
    const folder = tempFolder();
    const address = what === 'no bus' ? undefined : what === 'no service on the bus' ? await bareBus() : `unix:path=${folder}/gone`;
    expect(await secretServiceState({ DBUS_SESSION_BUS_ADDRESS: address })).toBe('absent');
    expect(await ask(address, folder, 'get', 'agent-token')).toMatchObject({ code: 'keychain-unavailable' });
  });

  it('is replaced by a file, said aloud, where there is none', async () => {
    const folder = tempFolder();
    const paths = findPaths({ env: { HOLDFAST_DATA: folder }, platform: process.platform, home: folder });
    const said: string[] = [];
    const store = await openSecrets({ env: {}, paths, settings: openSettings(paths.settingsFile, confStore), say: (message) => said.push(message) });
    expect(store.kind).toBe('file');
    expect(said).toEqual([expect.stringContaining(paths.secretsFile)]);
    await store.set('a', 'b');
    expect(await store.get('a')).toBe('b');
  });
});
