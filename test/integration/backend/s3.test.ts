import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import { openBackend } from '../../../main/backup/backend/open.js';
import { S3Backend } from '../../../main/backup/backend/s3/s3.js';
import { makeCertificate } from '../../helpers/certificate.js';
import { startObjectStore, type ObjectStore } from '../../helpers/rgw.js';
import { tempFolder } from '../../helpers/temp.js';
import { codeOf, conformance, failure, listed, sample } from './conformance.js';

let store: ObjectStore;
let keys: Record<string, string>;
beforeAll(async () => {
  store = await startObjectStore();
  keys = { 'access-key-id': store.accessKey, 'secret-access-key': store.secretKey };
}, 60_000);
afterAll(() => store.stop());

const at = (place: string, more: Record<string, string> = {}) => openBackend({ url: `s3:${store.endpoint}/${place}`, backend: { ...keys, ...more }, cacheFolder: false });
const config = { kind: 'config', name: '' } as const;

conformance('an S3 bucket', { open: () => at('conformance/some/folder/'), openNowhere: () => at('nowhere') });

describe('S3: what goes wrong is said in a sentence', () => {
  it('a wrong secret, an unknown key, half a pair of keys', async () => {
    const attempts: [Record<string, string>, RegExp][] = [
      [{ 'secret-access-key': 'wrong' }, /secret key does not fit/],
      [{ 'access-key-id': 'nobody' }, /does not know the access key/],
    ];
    for (const [more, sentence] of attempts) {
      const backend = at('conformance', more);
      for (const ask of [() => backend.stat(config), () => backend.save(sample('keys', 5).file, Buffer.alloc(5)), () => listed(backend, 'keys')]) {
        const error = await failure(ask());
        expect(error).toMatchObject({ code: 'permission-denied', retryable: false });
        expect(error.message).toMatch(sentence);
        expect(error.message).not.toMatch(/wrong|nobody/);
      }
      await backend.close();
    }
    const half = (): unknown => openBackend({ url: `s3:${store.endpoint}/x`, backend: { 'access-key-id': 'x' } });
    expect(half).toThrow(/needs both/);
  });

  it('a bucket that is not there, and a name that no bucket can have', async () => {
    const nowhere = at('not-there');
    const error = await failure(nowhere.save(sample('keys', 5).file, Buffer.alloc(5)));
    expect(error).toMatchObject({ code: 'destination-missing', retryable: false });
    expect(error.message).toMatch(/no bucket "not-there"/);
    await nowhere.close();
    const impossible = at('No_Bucket');
    expect((await failure(impossible.create())).code).toMatch(/usage|destination-failed/);
    await impossible.close();
  });

  it('a clock that is wrong is corrected by what the server says', async () => {
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() - 3 * 3600_000 });
    const backend = at('skewed');
    try {
      await backend.create();
      expect(await codeOf(backend.stat(config))).toBe('not-found');
      const { file, content } = sample('snapshots', 200);
      await backend.save(file, content);
      expect((await backend.load(file)).equals(content)).toBe(true);
    } finally {
      vi.useRealTimers();
      await backend.close();
    }
  });

  it('a quota that is used up, after which everything works again', async () => {
    const backend = at('full');
    await backend.create();
    await store.admin('quota', 'set', '--uid=test', '--bucket=full', '--quota-scope=bucket', '--max-objects=2');
    await store.admin('quota', 'enable', '--uid=test', '--bucket=full', '--quota-scope=bucket');
    const kept = sample('data', 3_000_000);
    await backend.save(kept.file, kept.content);
    const second = sample('data', 100);
    await backend.save(second.file, second.content);
    const third = sample('data', 100);
    const error = await failure(backend.save(third.file, third.content));
    expect(error.code).toBe('destination-full');
    expect(error.message).toMatch(/quota of the bucket "full"/);
    await backend.remove(second.file);
    expect((await backend.load(kept.file)).equals(kept.content)).toBe(true);
    await backend.close();
  });
});

describe('S3: content', () => {
  it('goes in parts where it is large, and a wrong content is not taken', async () => {
    const backend = at('parts', { connections: '2' });
    await backend.create();
    const large = sample('data', 70 * 2 ** 20);
    const spool = path.join(await backend.spoolFolder(), 'large');
    await writeFile(spool, large.content);
    await backend.save(large.file, { path: spool, size: large.content.length });
    expect(await backend.stat(large.file)).toEqual({ size: large.content.length });
    expect((await backend.load(large.file, { offset: 69 * 2 ** 20, length: 2 ** 20 })).equals(large.content.subarray(69 * 2 ** 20))).toBe(true);
    await backend.remove(large.file);

    // the service itself compares what arrives with the name; a disk error on the way would not go unseen
    const broken = new S3Backend(`s3:${store.endpoint}/parts`, keys);
    const { file, content } = sample('data', 5000);
    content[0]! ^= 1;
    await writeFile(spool, content);
    expect((await failure(broken.save(file, { path: spool, size: content.length }))).message).toMatch(/disturbed on its way/);
    expect(await codeOf(broken.stat(file))).toBe('not-found');
    await broken.close();
    await backend.close();
  });

  it('is kept by object lock for the days that were asked for, locks excepted', async () => {
    const sdk = await import('@aws-sdk/client-s3');
    const client = new sdk.S3Client({
      endpoint: store.endpoint, region: 'us-east-1', forcePathStyle: true, credentials: { accessKeyId: store.accessKey, secretAccessKey: store.secretKey },
    });
    await client.send(new sdk.CreateBucketCommand({ Bucket: 'locked', ObjectLockEnabledForBucket: true }));
    const backend = at('locked/repository', { 'object-lock-days': '30' });
    const snapshot = sample('snapshots', 100);
    const lock = sample('locks', 100);
    await backend.save(snapshot.file, snapshot.content);
    await backend.save(lock.file, lock.content);
    await backend.remove(lock.file);
    const { Versions } = await client.send(new sdk.ListObjectVersionsCommand({ Bucket: 'locked', Prefix: 'repository/snapshots/' }));
    const version = { Bucket: 'locked', Key: Versions![0]!.Key, VersionId: Versions![0]!.VersionId };
    const { Retention } = await client.send(new sdk.GetObjectRetentionCommand(version));
    expect(Retention?.Mode).toBe('GOVERNANCE');
    expect(Math.round((Retention!.RetainUntilDate!.getTime() - Date.now()) / 86_400_000)).toBe(30);
    await expect(client.send(new sdk.DeleteObjectCommand(version))).rejects.toThrow(/AccessDenied|Forbidden|403/i);
    await backend.close();
    client.destroy();
  });
});

describe('S3 over TLS', () => {
  it('is refused without trust, and accepted with its authority', async () => {
    const folder = tempFolder();
    const tls = await makeCertificate(folder, '127.0.0.1');
    const secure = await startObjectStore({ tls });
    onTestFinished(() => secure.stop());
    const open = (more: Record<string, string>) => openBackend({ url: `s3:${secure.endpoint}/bucket`, backend: { ...keys, ...more }, cacheFolder: false });
    const untrusting = open({});
    const error = await failure(untrusting.stat(config));
    expect(error).toMatchObject({ code: 'destination-failed', retryable: false });
    expect(error.message).toMatch(/is not trusted/);
    await untrusting.close();
    const trusting = open({ 'ca-certificate': readFileSync(tls.certificate, 'utf8') });
    await trusting.create();
    expect(await codeOf(trusting.stat(config))).toBe('not-found');
    await trusting.close();
  });
});
