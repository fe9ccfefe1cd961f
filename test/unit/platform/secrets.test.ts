import { chmod, readFile, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import type { SecretStore } from '../../../main/agent/ports.js';
import { chooseSecretStore } from '../../../main/platform/secrets/choose.js';
import { openSecretFile } from '../../../main/platform/secrets/file.js';
import { openKeychain, type Keytar } from '../../../main/platform/secrets/keychain.js';
import type { KeychainState } from '../../../main/platform/secrets/secret-service.js';
import { confStore } from '../../../main/platform/settings/conf.js';
import { openSettings } from '../../../main/platform/settings/settings.js';
import { tempFolder } from '../../helpers/temp.js';

describe('secret file', () => {
  it('keeps, changes and forgets, for this user only', async () => {
    const file = path.join(tempFolder(), 'secrets.json');
    const store = openSecretFile(file);
    expect(await store.get('a')).toBeNull();
    await Promise.all([store.set('a', '1'), store.set('b', 'ü\n"'), store.set('a', '2')]);
    expect([await store.get('a'), await store.get('b'), await store.get('c')]).toEqual(['2', 'ü\n"', null]);
    await store.delete('a');
    await store.delete('never there');
    expect(await openSecretFile(file).get('a')).toBeNull();
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    expect(store.description).toContain(file);
    expect(store.description).not.toContain('keychain');
  });

  it('closes a file that others could read', async () => {
    const file = path.join(tempFolder(), 'secrets.json');
    const store = openSecretFile(file);
    await store.set('a', '1');
    await chmod(file, 0o644);
    await store.get('a');
    expect((await stat(file)).mode & 0o777).toBe(0o600);
  });

  it('is never overwritten when it is damaged', async () => {
    const file = path.join(tempFolder(), 'secrets.json');
    await writeFile(file, '{"version":1,"secr');
    await expect(openSecretFile(file).set('a', '1')).rejects.toMatchObject({ code: 'settings-invalid', message: expect.stringContaining(file) });
    expect(await readFile(file, 'utf8')).toBe('{"version":1,"secr');
  });
});

const keytar = (answers: Partial<Keytar>): Keytar => ({
  getPassword: () => Promise.resolve(null), setPassword: () => Promise.resolve(), deletePassword: () => Promise.resolve(true), ...answers,
});

describe('keychain', () => {
  const open = (answers: Partial<Keytar>, state: KeychainState = 'open', patience = 1_000): SecretStore =>
    openKeychain({ loadKeytar: () => Promise.resolve(keytar(answers)), state: () => Promise.resolve(state), dataFolder: null, patience });

  it('tells absent, locked and unavailable apart', async () => {
    expect(await open({}).get('x')).toBeNull();
    await expect(open({}, 'locked').get('x')).rejects.toMatchObject({ code: 'keychain-locked', retryable: true });
    await expect(open({}, 'absent').get('x')).rejects.toMatchObject({ code: 'keychain-unavailable' });
    const noLibsecret = openKeychain({ loadKeytar: () => Promise.reject(new Error('libsecret-1.so.0: cannot open')), state: () => Promise.resolve('open'), dataFolder: null });
    await expect(noLibsecret.get('x')).rejects.toMatchObject({ code: 'keychain-unavailable', message: expect.not.stringContaining('libsecret') });
  });

  it('does not wait for ever', async () => {
    await expect(open({ setPassword: () => new Promise(() => undefined) }, 'open', 20).set('x', 'y')).rejects.toMatchObject({ code: 'keychain-locked' });
  });

  it('qualifies its entries by the data folder that was named', async () => {
    const accounts: string[] = [];
    const store = openKeychain({
      loadKeytar: () => Promise.resolve(keytar({ getPassword: (service, account) => { accounts.push(`${service}/${account}`); return Promise.resolve(null); } })),
      state: () => Promise.resolve('open'), dataFolder: '/srv/hf',
    });
    await store.get('agent-token');
    expect(accounts).toEqual(['Holdfast/agent-token in /srv/hf']);
  });
});

describe('the choice of a store', () => {
  const store = (kind: SecretStore['kind']): SecretStore => ({ ...openSecretFile('/nowhere'), kind, description: `the ${kind}` });
  const setUp = () => {
    const settings = openSettings(path.join(tempFolder(), 'settings.json'), confStore);
    const said: string[] = [];
    const choose = (state: KeychainState, ordered?: string): Promise<SecretStore> => chooseSecretStore({
      env: ordered === undefined ? {} : { HOLDFAST_SECRETS: ordered }, settings, keychainState: () => Promise.resolve(state),
      openKeychain: () => store('keychain'), openFile: () => store('file'), say: (message) => said.push(message),
    });
    return { settings, said, choose };
  };

  it('is the keychain, also one that is locked, and stays so when it is gone', async () => {
    const { settings, said, choose } = setUp();
    expect((await choose('locked')).kind).toBe('keychain');
    expect(settings.read().secrets).toBe('keychain');
    expect((await choose('absent')).kind).toBe('keychain');
    expect(said).toEqual([]);
  });

  it('is the file where there is no keychain, says so, and stays so', async () => {
    const { said, choose } = setUp();
    expect((await choose('absent')).kind).toBe('file');
    expect(said).toHaveLength(1);
    expect((await choose('open')).kind).toBe('file');
  });

  it('can be ordered; an order against the earlier choice is said and not kept', async () => {
    const { settings, said, choose } = setUp();
    expect((await choose('open', 'file')).kind).toBe('file');
    expect(settings.read().secrets).toBe('file');
    expect((await choose('open', 'keychain')).kind).toBe('keychain');
    expect(settings.read().secrets).toBe('file');
    expect(said.at(-1)).toContain('not looked for there');
    await expect(choose('open', 'paper')).rejects.toMatchObject({ code: 'usage' });
  });
});
