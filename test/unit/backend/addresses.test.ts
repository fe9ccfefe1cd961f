import { createHmac } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { openBackend } from '../../../main/backup/backend/open.js';
import { parseRestUrl } from '../../../main/backup/backend/rest/url.js';
import { parseS3Url, usesVirtualHosts } from '../../../main/backup/backend/s3/url.js';
import { algorithmOrder, fingerprint, judge, knownKeys } from '../../../main/backup/backend/sftp/known-hosts.js';
import { matches, settingsFor } from '../../../main/backup/backend/sftp/ssh-config.js';
import { parseSftpUrl } from '../../../main/backup/backend/sftp/url.js';

describe('addresses as restic writes them', () => {
  it.each([
    ['s3:https://host/bucket/some/folder', 'https://host', 'bucket', 'some/folder/'],
    ['s3:http://127.0.0.1:9000/bucket', 'http://127.0.0.1:9000', 'bucket', ''],
    ['s3:s3.amazonaws.com/bucket/', 'https://s3.amazonaws.com', 'bucket', ''],
    ['s3://host:123/bucket//a/../b/', 'https://host:123', 'bucket', 'b/'],
  ])('%s', (url, endpoint, bucket, prefix) => {
    const place = parseS3Url(url);
    expect([place.endpoint.origin, place.bucket, place.prefix]).toEqual([endpoint, bucket, prefix]);
  });

  it.each([
    ['sftp:anna@host:/abs/path', { user: 'anna', host: 'host', port: undefined, path: '/abs/path' }],
    ['sftp:host:relative/', { user: undefined, host: 'host', path: 'relative' }],
    ['sftp:anna@domain@host:x', { user: 'anna@domain', host: 'host', path: 'x' }],
    ['sftp://anna@host:2222//abs', { user: 'anna', host: 'host', port: 2222, path: '/abs' }],
    ['sftp://anna@host/relative', { user: 'anna', host: 'host', port: undefined, path: 'relative' }],
    ['sftp://[::1]:22//x', { host: '::1', port: 22, path: '/x' }],
  ])('%s', (url, expected) => expect(parseSftpUrl(url)).toMatchObject(expected));

  it('keeps user and password of a REST address apart', () => {
    const place = parseRestUrl('rest:https://an%40na:p%3Aw@host:8000/path');
    expect(place).toMatchObject({ user: 'an@na', password: 'p:w', location: 'rest:https://host:8000/path/' });
  });

  it('refuses what is none, and settings that do not fit, in a sentence', () => {
    for (const url of ['s3:https://host', 's3:https://key:secret@host/bucket', 'sftp:host', 'sftp://anna:pw@host/x', 'sftp:host:~/x', 'rest:host/path', 'rest:ftp://host/', 'b2:bucket:path', 'local:']) {
      expect(() => openBackend({ url }), url).toThrow(/^[A-Z].*\.$/s);
    }
    expect(() => openBackend({ url: 'sftp:host:x', backend: { pasword: 'x' } })).toThrow('"pasword" is not a setting of SFTP destinations');
    expect(() => openBackend({ url: 'rest:http://host/', backend: { connections: 'many' } })).toThrow('"connections" of this REST destination is wrong: it is a number from 1 to 999.');
  });

  it('puts the bucket into the host\'s name at Amazon only, unless told otherwise', () => {
    expect(usesVirtualHosts('s3.eu-central-1.amazonaws.com', 'bucket', 'auto')).toBe(true);
    expect(usesVirtualHosts('s3.amazonaws.com', 'with.dot', 'auto')).toBe(false);
    expect(usesVirtualHosts('minio', 'bucket', 'auto')).toBe(false);
    expect(usesVirtualHosts('minio', 'bucket', 'dns')).toBe(true);
  });
});

describe('ssh configuration', () => {
  const config = (text: string): string => {
    const folder = mkdtempSync(path.join(tmpdir(), 'holdfast-ssh-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    writeFileSync(path.join(folder, 'included'), 'User bob\n');
    const file = path.join(folder, 'config');
    writeFileSync(file, text.replaceAll('%FOLDER%', folder));
    return file;
  };

  it('takes the first value found, patterns, quotes, equal signs and includes', () => {
    const file = config(`
# a comment
Include %FOLDER%/inc*
Host nas "box *" !box9
  HostName = %h.example
  Port=2022
  User never
  IdentityFile "~/keys/my key"
  IdentityFile ~/keys/second
  IdentitiesOnly yes
Match host nas
  Port 1
Host *
  Port 9
  ProxyJump anna@door:2200,gate
`);
    const found = settingsFor('nas', {}, [file], '/home/anna');
    expect(found).toMatchObject({ hostname: 'nas.example', port: 2022, user: 'bob', identitiesOnly: true, proxyJump: ['anna@door:2200', 'gate'] });
    expect(found.identityFiles).toEqual(['/home/anna/keys/my key', '/home/anna/keys/second']);
    expect(settingsFor('other', { user: 'carol', port: 5 }, [file], '/h')).toMatchObject({ hostname: 'other', port: 5, user: 'carol' });
    expect(() => settingsFor('x', {}, [config('Host x\nProxyCommand nc %h')], '/h')).toThrow(/Use ProxyJump instead/);
  });

  it('knows OpenSSH\'s patterns', () => {
    expect(matches('a.b', ['*.b'])).toBe(true);
    expect(matches('axb', ['a.b'])).toBe(false);
    expect(matches('host1', ['host?', '!host1'])).toBe(false);
    expect(matches('host', [])).toBe(false);
  });
});

describe('known hosts', () => {
  const key = Buffer.concat([Buffer.from([0, 0, 0, 11]), Buffer.from('ssh-ed25519'), Buffer.from('the key itself')]);
  const text = key.toString('base64');
  const salt = Buffer.from('0123456789abcdefghij');
  const hashed = `|1|${salt.toString('base64')}|${createHmac('sha1', salt).update('[nas]:2022').digest('base64')}`;

  it('finds names, ports, patterns and hashed names', () => {
    for (const [line, host, port] of [
      [`nas,10.0.0.1 ssh-ed25519 ${text}`, 'nas', 22], [`[nas]:2022 ssh-ed25519 ${text} comment`, 'nas', 2022], [`*.lan ssh-ed25519 ${text}`, 'nas.lan', 22], [`${hashed} ssh-ed25519 ${text}`, 'NAS', 2022],
    ] as const) expect(judge(key, knownKeys([line], host, port)), line).toBe('known');
    expect(judge(key, knownKeys([`nas ssh-ed25519 ${text}`], 'nas', 2022))).toBe('unknown');
    expect(judge(key, knownKeys([`*.lan,!nas.lan ssh-ed25519 ${text}`], 'nas.lan', 22))).toBe('unknown');
  });

  it('tells a changed key from an unknown one and a revoked one', () => {
    expect(judge(key, knownKeys(['nas ssh-ed25519 AAAAother'], 'nas', 22))).toBe('changed');
    expect(judge(key, knownKeys([`@revoked * ssh-ed25519 ${text}`], 'nas', 22))).toBe('revoked');
    expect(judge(key, knownKeys([`@cert-authority * ssh-ed25519 ${text}`, '# nas', ''], 'nas', 22))).toBe('unknown');
  });

  it('asks first for the kind of key that is known', () => {
    expect(algorithmOrder(knownKeys(['nas ssh-rsa AAAA'], 'nas', 22)).slice(0, 2)).toEqual(['rsa-sha2-512', 'rsa-sha2-256']);
    expect(algorithmOrder([])[0]).toBe('ssh-ed25519');
    expect(fingerprint(key)).toMatch(/^SHA256:[A-Za-z0-9+/]{43}$/);
  });
});
