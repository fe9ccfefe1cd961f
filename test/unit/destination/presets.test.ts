import { expect, it } from 'vitest';
import { parseS3Options } from '../../../main/backup/backend/s3/client.js';
import { parseS3Url, regionOf } from '../../../main/backup/backend/s3/url.js';
import { parseSftpUrl } from '../../../main/backup/backend/sftp/url.js';
import { holdsSecret, withoutSecrets } from '../../../main/backup/destination/location.js';
import { fillPreset, presets } from '../../../main/shared/presets.js';

const keys = { 'access-key-id': 'AK', 'secret-access-key': 'SK' };

it.each([
  ['spaces', { region: 'fra1', bucket: 'backups', folder: '/laptop/', ...keys }, 's3:https://fra1.digitaloceanspaces.com/backups/laptop', 'fra1'],
  ['aws', { region: 'eu-central-1', bucket: 'backups', ...keys }, 's3:https://s3.eu-central-1.amazonaws.com/backups/', 'eu-central-1'],
  ['b2', { region: 'us-west-004', bucket: 'backups', ...keys }, 's3:https://s3.us-west-004.backblazeb2.com/backups/', 'us-west-004'],
  ['r2', { account: 'ab'.repeat(16), bucket: 'backups', ...keys }, `s3:https://${'ab'.repeat(16)}.r2.cloudflarestorage.com/backups/`, 'auto'],
  ['wasabi', { region: 'eu-central-2', bucket: 'backups', folder: 'a/b', ...keys }, 's3:https://s3.eu-central-2.wasabisys.com/backups/a/b', 'eu-central-2'],
  ['minio', { endpoint: 'http://nas:9000/', bucket: 'backups', region: 'home', ...keys }, 's3:http://nas:9000/backups/', null],
])('%s: address, region and settings', (id, answers, url, region) => {
  const filled = fillPreset(id, answers);
  expect(filled.url).toBe(url);
  expect(parseS3Options(filled.backend)).toMatchObject(keys);
  expect(regionOf(parseS3Url(filled.url).endpoint.hostname)).toBe(region);
  expect(filled.url).not.toMatch(/AK|SK/);
});

it('boxes reached by SFTP', () => {
  const box = fillPreset('hetzner', { user: 'u123456-sub2', password: 'geheim' });
  expect(parseSftpUrl(box.url)).toMatchObject({ user: 'u123456-sub2', host: 'u123456.your-storagebox.de', port: 23, path: 'backups' });
  expect(box.backend).toEqual({ password: 'geheim' });
  const nas = fillPreset('nas', { host: 'nas.local', user: 'anna', folder: '/volume1/backups' });
  expect(parseSftpUrl(nas.url)).toMatchObject({ user: 'anna', host: 'nas.local', port: 22, path: '/volume1/backups' });
});

it('a REST server: its user is a setting; a password in its address is refused, since addresses are shown and go to the hub', () => {
  expect(fillPreset('rest', { endpoint: 'https://backup.example:8000/', folder: '/anna/laptop/', user: 'anna', password: 'geheim' })).toEqual({ url: 'rest:https://backup.example:8000/anna/laptop/', backend: { user: 'anna', password: 'geheim' } });
  expect(fillPreset('rest', { endpoint: 'http://nas:8000' })).toEqual({ url: 'rest:http://nas:8000/', backend: {} });
  for (const [id, more] of [['rest', {}], ['minio', { bucket: 'backups', ...keys }]] as const) expect(() => fillPreset(id, { endpoint: 'https://anna:geheim@host/', ...more })).toThrow(/"Address" does not look right \(an example: https:/);
});

it('says which field is missing or wrong, without quoting it', () => {
  expect(() => fillPreset('spaces', { region: 'fra1', ...keys })).toThrow(/needs the field "Bucket"/);
  expect(() => fillPreset('spaces', { region: 'fra1/evil', bucket: 'b-b', ...keys })).toThrow(/"Region" does not look right \(an example: fra1\)/);
  expect(() => fillPreset('spaces', { zone: 'x' })).toThrow(/"zone" is not asked for/);
  expect(() => fillPreset('floppy', {})).toThrow(/no preset "floppy"/);
});

it('every preset names its key page or tells what to do, and marks its secrets', () => {
  for (const preset of presets) {
    expect(preset.hint).toMatch(/\.$/);
    if (preset.keyPage !== null) expect(preset.keyPage).toMatch(/^https:/);
    for (const { name, secret } of preset.fields) expect(secret === true).toBe(['secret-access-key', 'passphrase', 'password'].includes(name));
  }
});

it('addresses are shown without their passwords', () => {
  expect(withoutSecrets('rest:https://anna:geheim@host:8000/x/')).toBe('rest:https://anna:***@host:8000/x/');
  expect(withoutSecrets('sftp://anna@host:22//x')).toBe('sftp://anna@host:22//x');
  expect(withoutSecrets('s3:https://host/bucket/a@b')).toBe('s3:https://host/bucket/a@b');
  expect(withoutSecrets('/media/disk/a:b@c')).toBe('/media/disk/a:b@c');
  expect(holdsSecret('rest:http://a:b@h/')).toBe(true);
  expect(holdsSecret('rest:http://a@h/')).toBe(false);
});
