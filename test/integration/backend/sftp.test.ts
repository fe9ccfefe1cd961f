import { readdirSync, readFileSync, writeFileSync, mkdirSync } from 'node:fs';
import path from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { openBackend } from '../../../main/backup/backend/open.js';
import type { Backend } from '../../../main/backup/backend/backend.js';
import { start } from '../../helpers/processes.js';
import { makeKey, startSshServer, type SshServer } from '../../helpers/sshd.js';
import { removeTree, tempFolder } from '../../helpers/temp.js';
import { until } from '../../helpers/until.js';
import { codeOf, conformance, failure, sample } from './conformance.js';

const folder = tempFolder({ keep: true });
const lockedKey = path.join(folder, 'locked');
const config = { kind: 'config', name: '' } as const;
let server: SshServer;
beforeAll(async () => {
  await makeKey(lockedKey, 'open sesame');
  server = await startSshServer({ authorized: [`${lockedKey}.pub`], allowForwarding: true });
});
afterAll(async () => {
  await server.stop();
  await removeTree(folder);
});

const open = (place: string, more: Record<string, string | undefined> = {}): Backend => {
  const settings = Object.entries({ ...server.settings, ...more }).filter((entry): entry is [string, string] => entry[1] !== undefined);
  const backend = openBackend({ url: `sftp://${server.user}@127.0.0.1:${server.port}/${place}`, backend: Object.fromEntries(settings), cacheFolder: false });
  return backend;
};
const opened = (...args: Parameters<typeof open>): Backend => {
  const backend = open(...args);
  onTestFinished(() => backend.close());
  return backend;
};

conformance('an SFTP server', {
  open: () => open(path.join(folder, 'some', 'repository')),
  openNowhere: () => open(path.join(folder, 'nowhere', 'at all')),
});

describe('an SFTP server', () => {
  it('keeps restic\'s layout, private to the user, and nothing else once it is closed', async () => {
    const place = path.join(folder, 'layout');
    const backend = open(place);
    await backend.create();
    const { file, content } = sample('data', 100);
    await backend.save(file, content);
    expect(readdirSync(place).sort()).toEqual(['data', 'index', 'keys', 'locks', 'snapshots', 'tmp']);
    expect(readdirSync(path.join(place, 'data'))).toHaveLength(256);
    expect(readFileSync(path.join(place, 'data', file.name.slice(0, 2), file.name)).equals(content)).toBe(true);
    await backend.close();
    expect(readdirSync(place).sort()).toEqual(['data', 'index', 'keys', 'locks', 'snapshots']);
  });

  it('does not make a folder anew that has gone away, and clears what a killed process left', async () => {
    const place = path.join(folder, 'gone');
    const first = opened(place);
    await first.create();
    writeFileSync(path.join(place, 'old'), '');
    mkdirSync(path.join(place, 'tmp'));
    const { hostname } = await import('node:os');
    writeFileSync(path.join(place, 'tmp', `holdfast-${hostname()}-999999999-x.tmp`), 'left behind');
    writeFileSync(path.join(place, 'tmp', 'holdfast-elsewhere-1-x.tmp'), 'at work');
    const { file, content } = sample('keys', 100);
    await first.save(file, content);
    // The remains are cleared beside the work, which does not wait for it.
    const aside = (): string[] => readdirSync(path.join(place, 'tmp')).filter((name) => !name.startsWith(`holdfast-${hostname()}-${process.pid}-`));
    await until('the remains are cleared', () => isDeepStrictEqual(aside(), ['holdfast-elsewhere-1-x.tmp']));
    await removeTree(place);
    const second = opened(place, { 'retry-seconds': '0' });
    const error = await failure(second.save(file, content));
    expect(error.code).toBe('destination-missing');
    expect(readdirSync(folder)).not.toContain('gone');
  });
});

describe('SFTP: who is let in', () => {
  it('a key with a passphrase, a key from an agent, not a stranger\'s', async () => {
    const place = path.join(folder, 'nothing');
    expect(await codeOf(opened(place, { 'private-key-file': lockedKey, passphrase: 'open sesame' }).stat(config))).toBe('not-found');
    const text = readFileSync(lockedKey, 'utf8');
    expect(await codeOf(opened(place, { 'private-key-file': undefined, 'private-key': text, passphrase: 'open sesame' }).stat(config))).toBe('not-found');
    for (const passphrase of [undefined, 'wrong']) {
      const error = await failure(opened(place, { 'private-key-file': lockedKey, passphrase }).stat(config));
      expect(error).toMatchObject({ code: 'usage' });
      expect(error.message).toMatch(/passphrase/);
      expect(error.message).not.toMatch(/wrong/);
    }

    const stranger = path.join(tempFolder(), 'stranger');
    await makeKey(stranger);
    const refused = await failure(opened(place, { 'private-key-file': stranger }).stat(config));
    expect(refused).toMatchObject({ code: 'permission-denied', retryable: false });
    expect(refused.message).toMatch(/does not let .* in/);

    const socket = path.join(tempFolder(), 'agent');
    const agent = start('ssh-agent', ['-D', '-a', socket]);
    await agent.line(/SSH_AUTH_SOCK/);
    const add = start('ssh-add', ['-q', server.keyFile], { env: { SSH_AUTH_SOCK: socket } });
    expect((await add.ended).code).toBe(0);
    const empty = path.join(tempFolder(), 'config');
    writeFileSync(empty, 'Host *\n  IdentityFile /nowhere\n');
    expect(await codeOf(opened(place, { 'private-key-file': undefined, agent: socket, 'ssh-config-file': empty }).stat(config))).toBe('not-found');
  });

  it('reaches a host by an alias and through a jump host of the ssh configuration', async () => {
    const behind = await startSshServer();
    onTestFinished(() => behind.stop());
    const file = path.join(tempFolder(), 'config');
    const hosts = path.join(path.dirname(file), 'known_hosts');
    writeFileSync(hosts, readFileSync(server.knownHostsFile, 'utf8') + readFileSync(behind.knownHostsFile, 'utf8'));
    writeFileSync(file, `
Host door
  HostName 127.0.0.1
  Port ${server.port}
  IdentityFile ${server.keyFile}
Host vault*  !vault-other
  HostName 127.0.0.1
  Port ${behind.port}
  User ${behind.user}
  IdentityFile ${behind.keyFile}
  ProxyJump ${server.user}@door
Host *
  UserKnownHostsFile ${hosts}
  IdentityAgent none
`);
    const backend = openBackend({ url: `sftp:vault1:${path.join(folder, 'through')}`, backend: { 'ssh-config-file': file }, cacheFolder: false });
    onTestFinished(() => backend.close());
    await backend.create();
    const { file: handle, content } = sample('snapshots', 4000);
    await backend.save(handle, content);
    expect((await backend.load(handle)).equals(content)).toBe(true);
  });
});

describe('SFTP: whom we trust', () => {
  it('refuses an unknown host and tells its fingerprint, which can be accepted', async () => {
    const place = path.join(folder, 'nothing');
    const unknown = await failure(opened(place, { 'known-hosts-file': '/nowhere' }).stat(config));
    expect(unknown).toMatchObject({ code: 'destination-failed', retryable: false });
    expect(unknown.message).toContain(`not known yet: ssh-ed25519 ${server.fingerprint}`);
    expect(await codeOf(opened(place, { 'known-hosts-file': '/nowhere', 'host-key': server.fingerprint }).stat(config))).toBe('not-found');
    expect((await failure(opened(place, { 'host-key': `SHA256:${'A'.repeat(43)}` }).stat(config))).message).toMatch(/has changed/);
  });

  it('refuses a host whose key has changed', async () => {
    const other = await startSshServer();
    onTestFinished(() => other.stop());
    const before = openBackend({ url: `sftp://${other.user}@127.0.0.1:${other.port}//nowhere`, backend: { ...other.settings }, cacheFolder: false });
    expect(await codeOf(before.stat(config))).toBe('not-found');
    await before.close();
    await other.changeHostKey();
    const after = openBackend({ url: `sftp://${other.user}@127.0.0.1:${other.port}//nowhere`, backend: { ...other.settings }, cacheFolder: false });
    onTestFinished(() => after.close());
    const error = await failure(after.stat(config));
    expect(error).toMatchObject({ code: 'destination-failed', retryable: false });
    expect(error.message).toMatch(/host key of .* has changed .*somebody is in between/);
  });
});
