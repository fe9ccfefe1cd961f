import { createServer } from 'node:http';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { openBackend } from '../../../main/backup/backend/open.js';
import { RestBackend } from '../../../main/backup/backend/rest/rest.js';
import type { HoldfastError } from '../../../main/shared/errors.js';
import { makeCertificate } from '../../helpers/certificate.js';
import { startRestServer, type RestServer } from '../../helpers/rclone.js';
import { removeTree, tempFolder } from '../../helpers/temp.js';
import { codeOf, conformance, failure, listed, sample } from './conformance.js';

const folder = tempFolder({ keep: true });
let server: RestServer;
beforeAll(async () => {
  server = await startRestServer(folder, { user: 'anna', password: 'a:b@c/d' });
});
afterAll(async () => {
  await server.stop();
  await removeTree(folder);
});

conformance('a REST server behind a cache', {
  open: () => openBackend({ url: `${server.url}${path.posix.join('some', 'repository')}`, backend: { user: 'anna', password: 'a:b@c/d' }, cacheFolder: path.join(folder, 'cache') }),
  openNowhere: () => openBackend({ url: `${server.url}nowhere/`, backend: { user: 'anna', password: 'a:b@c/d' }, cacheFolder: path.join(folder, 'cache') }),
});

describe('a REST server that is append-only', () => {
  it('takes new files, repeats of them, and refuses to remove with a sentence', async () => {
    const place = tempFolder();
    const appendOnly = await startRestServer(place, { appendOnly: true });
    onTestFinished(() => appendOnly.stop());
    const backend = openBackend({ url: `${appendOnly.url}repository/`, cacheFolder: false });
    onTestFinished(() => backend.close());
    await backend.create();
    const { file, content } = sample('data', 1000);
    await backend.save(file, content);
    await backend.save(file, content); // an upload whose answer was lost is repeated
    const error = await failure(backend.remove(file));
    expect(error).toMatchObject({ code: 'permission-denied', retryable: false });
    expect(error.message).toMatch(/append-only/);
    expect((await backend.load(file)).equals(content)).toBe(true);
    const lock = sample('locks', 50); // locks may go
    await backend.save(lock.file, lock.content);
    await backend.remove(lock.file);
  });
});

describe('a REST server that wants a password', () => {
  it('refuses a wrong one with a sentence that does not hold it, and takes the right one from URL or environment', async () => {
    const wrong = openBackend({ url: server.url.replace('//', '//anna:nonsense@'), cacheFolder: false });
    const error = await failure(wrong.stat({ kind: 'config', name: '' }));
    expect(error).toMatchObject({ code: 'permission-denied', retryable: false });
    expect(error.message + wrong.location).not.toMatch(/nonsense|anna/);
    const right = openBackend({ url: `${server.url.replace('//', '//anna:a%3Ab%40c%2Fd@')}other`, cacheFolder: false });
    expect(await codeOf(right.stat({ kind: 'config', name: '' }))).toBe('not-found');
    const fromEnvironment = new RestBackend(server.url, {}, {}, { RESTIC_REST_USERNAME: 'anna', RESTIC_REST_PASSWORD: 'a:b@c/d' });
    expect(await codeOf(fromEnvironment.stat({ kind: 'config', name: '' }))).toBe('not-found');
    for (const backend of [wrong, right, fromEnvironment]) await backend.close();
  });
});

describe('a REST server with TLS', () => {
  it('is refused without trust, accepted with its authority or its fingerprint, refused with another fingerprint', async () => {
    const place = tempFolder();
    const certificate = await makeCertificate(place, '127.0.0.1');
    const secure = await startRestServer(path.join(place, 'data'), { tls: certificate, user: 'anna', password: 'secret' });
    onTestFinished(() => secure.stop());
    const attempt = async (backend: Record<string, string>): Promise<HoldfastError> => {
      const opened = openBackend({ url: `${secure.url}repository/`, backend: { user: 'anna', password: 'secret', ...backend }, cacheFolder: false });
      const error = await failure(opened.stat({ kind: 'config', name: '' }));
      await opened.close();
      return error;
    };
    const untrusted = await attempt({});
    expect(untrusted).toMatchObject({ code: 'destination-failed', retryable: false });
    expect(untrusted.message).toMatch(/certificate of 127\.0\.0\.1:\d+ is not trusted/);
    expect((await attempt({ 'ca-certificate': readFileSync(certificate.certificate, 'utf8') })).code).toBe('not-found');
    expect((await attempt({ 'certificate-pin': certificate.fingerprint })).code).toBe('not-found');
    const other = await attempt({ 'certificate-pin': 'ab'.repeat(32) });
    expect(other).toMatchObject({ code: 'destination-failed', retryable: false });
    expect(other.message).toMatch(/shows another certificate/);
    expect((await attempt({ 'ca-certificate': 'nonsense' })).code).toBe('usage');
  });
});

describe('a REST server of protocol version 1', () => {
  it('lists names only, so that sizes are asked for one by one', async () => {
    const files = new Map([['aa'.repeat(32), 5], ['bb'.repeat(32), 70_000]]);
    const old = createServer((request, response) => {
      const name = request.url?.split('/').at(-1) ?? '';
      if (request.url === '/index/') response.setHeader('Content-Type', 'application/vnd.x.restic.rest.v1').end(JSON.stringify([...files.keys(), 'cc'.repeat(32)]));
      else if (request.method === 'HEAD' && files.has(name)) response.setHeader('Content-Length', files.get(name)!).end();
      else response.writeHead(404).end();
    });
    await new Promise<void>((resolve) => old.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void old.close());
    const address = old.address();
    const backend = openBackend({ url: `rest:http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}`, cacheFolder: false });
    expect(await listed(backend, 'index')).toEqual(files); // the third went away in between
    expect(await listed(backend, 'snapshots')).toEqual(new Map());
    await backend.close();
  });
});
