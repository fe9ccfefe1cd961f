/** Hub storage over the wire, byte by byte: who gets in, what is refused, what is left on the disk. */
import { createHash, randomBytes } from 'node:crypto';
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { request } from 'node:https';
import path from 'node:path';
import { connect } from 'node:tls';
import { expect, test } from 'vitest';
import { remoteRoutes } from '../../../main/shared/protocol/api.js';
import { storedAgent, type Stored } from '../../helpers/storage.js';
import { testHub, until, type TestHub } from './office.js';
import { postgresServer } from './postgres.js';

interface Answer { status: number; reason: string; headers: Record<string, unknown>; body: Buffer }

function ask(hub: TestHub, who: Pick<Stored, 'user' | 'password'> | null, method: string, where: string, body?: Buffer, headers: Record<string, string> = {}): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const asking = request(`${hub.url}${where}`, {
      method, rejectUnauthorized: false, agent: false,
      headers: { ...(who === null ? {} : { authorization: `Basic ${Buffer.from(`${who.user}:${who.password}`).toString('base64')}` }), ...(body === undefined ? {} : { 'content-length': String(body.length) }), ...headers },
    }, (response) => {
      const pieces: Buffer[] = [];
      response.on('data', (piece: Buffer) => pieces.push(piece));
      response.on('end', () => resolve({ status: response.statusCode ?? 0, reason: response.statusMessage ?? '', headers: response.headers, body: Buffer.concat(pieces) }));
    });
    asking.on('error', reject);
    asking.end(body);
  });
}
const nameOf = (content: Buffer): string => createHash('sha256').update(content).digest('hex');
const incoming = (hub: TestHub): string[] => readdirSync(path.join(hub.dataFolder, 'storage', 'incoming'));

async function repository(hub: TestHub, quota: number | null = null): Promise<Stored & { at: string; folder: string }> {
  const stored = await storedAgent(hub, 'laptop', quota);
  const at = `/storage/${stored.agentId}`;
  expect((await ask(hub, stored, 'POST', `${at}/?create=true`)).status).toBe(200);
  return { ...stored, at, folder: path.join(hub.dataFolder, 'storage', stored.agentId) };
}

test('nobody gets in but with the credentials of that computer; wrong ones are limited, and no secret is kept or logged', async () => {
  const hub = await testHub();
  const one = await repository(hub);
  const other = await storedAgent(hub, 'other');
  const where = `${one.at}/data/`;
  expect((await ask(hub, one, 'GET', where)).status).toBe(200);
  const nobody = await ask(hub, null, 'GET', where);
  expect(nobody).toMatchObject({ status: 401, reason: 'Hub storage needs a user name and a password.' });
  expect(nobody.headers['www-authenticate']).toMatch(/^Basic /);
  expect((await ask(hub, other, 'GET', where)).status).toBe(401);
  expect((await ask(hub, { user: one.user, password: other.password }, 'GET', where)).status).toBe(401);
  expect((await ask(hub, { user: '999', password: one.password }, 'GET', '/storage/999/data/')).status).toBe(401);

  const renewed = await hub.admin.renewStorageCredentials({ id: one.agentId });
  expect((await ask(hub, one, 'GET', where)).status).toBe(401);
  expect((await ask(hub, renewed, 'GET', where)).status).toBe(200);
  for (let n = 0; n < 25; n += 1) await ask(hub, { user: one.user, password: 'guess' }, 'GET', where);
  expect((await ask(hub, { user: one.user, password: 'guess' }, 'GET', where)).status).toBe(429);
  expect((await ask(hub, renewed, 'GET', where)).status).toBe(200);

  await hub.admin.deleteAgent({ id: one.agentId });
  expect((await ask(hub, renewed, 'GET', where)).status).toBe(429); // as unknown as any other
  const files = ['hub.sqlite', 'hub.sqlite-wal'].map((file) => readFileSync(path.join(hub.dataFolder, file), 'latin1')).join('') + hub.lines.join('\n');
  for (const secret of [one.password, other.password, renewed.password]) expect(files).not.toContain(secret);
});

test('what is there stays as it is: no other content under a name, no second config, no removal but of locks', async () => {
  const hub = await testHub();
  const { at, folder, ...who } = await repository(hub);
  const content = randomBytes(5000);
  const name = nameOf(content);
  const file = path.join(folder, 'data', name.slice(0, 2), name);
  expect(await ask(hub, who, 'POST', `${at}/data/${name}`, randomBytes(5000))).toMatchObject({ status: 400, reason: 'The content does not have the SHA-256 that is its name.' });
  expect((await ask(hub, who, 'HEAD', `${at}/data/${name}`)).status).toBe(404);
  expect((await ask(hub, who, 'POST', `${at}/data/${name}`, content)).status).toBe(200);
  expect(statSync(file).mode & 0o777).toBe(0o600);
  expect((await ask(hub, who, 'POST', `${at}/data/${name}`, content)).status).toBe(200); // an answer was lost; nothing is added
  expect((await ask(hub, who, 'POST', `${at}/data/${name}`, randomBytes(5000))).status).toBe(400);
  expect(await ask(hub, who, 'POST', `${at}/data/${name}`, randomBytes(50))).toMatchObject({ status: 403 });
  expect(readFileSync(file).equals(content)).toBe(true);

  expect((await ask(hub, who, 'POST', `${at}/config`, content)).status).toBe(200);
  expect(await ask(hub, who, 'POST', `${at}/config`, content)).toMatchObject({ status: 403 });
  const gone = async (where: string): Promise<number> => (await ask(hub, who, 'DELETE', `${at}/${where}`)).status;
  expect([await gone(`data/${name}`), await gone('config'), await gone(''), await gone('data/'), await gone(`keys/${name}`)]).toEqual([403, 403, 403, 403, 403]);
  const lock = randomBytes(100);
  expect((await ask(hub, who, 'POST', `${at}/locks/${nameOf(lock)}`, lock)).status).toBe(200);
  expect(await gone(`locks/${nameOf(lock)}`)).toBe(200);
  expect(await gone(`locks/${nameOf(lock)}`)).toBe(200);
  expect((await hub.admin.storage({})).agents[0]).toMatchObject({ usedBytes: 10_000, hasRepository: true });
  expect(incoming(hub)).toEqual([]);
});

test('addresses that lead elsewhere, sizes that are not told or too large, and methods that mean nothing', async () => {
  const hub = await testHub();
  const { at, ...who } = await repository(hub);
  const content = randomBytes(10);
  for (const where of [`${at}/../2/config`, `${at}/data/..%2f..%2fhub.sqlite`, `${at}/data/%2e%2e/config`, `${at}/hub.sqlite`, '/storage/', '/storage/../healthz/x']) {
    expect([401, 404], where).toContain((await ask(hub, who, 'GET', where)).status);
  }
  expect((await ask(hub, who, 'POST', `${at}/data/${nameOf(content)}`, undefined, { 'transfer-encoding': 'chunked' })).status).toBe(411);
  expect((await ask(hub, who, 'POST', `${at}/keys/${nameOf(content)}`, Buffer.alloc(2 ** 20 + 1))).status).toBe(413);
  expect((await ask(hub, who, 'POST', `${at}/`)).status).toBe(400);
  expect((await ask(hub, who, 'GET', `${at}/`)).status).toBe(405);
  const second = await storedAgent(hub, 'second');
  expect((await ask(hub, second, 'POST', `/storage/${second.agentId}/data/${nameOf(content)}`, content)).status).toBe(404); // not made yet
});

test('listings of both versions, and ranges', async () => {
  const hub = await testHub();
  const { at, folder, ...who } = await repository(hub);
  const names: string[] = [];
  for (let n = 0; n < 2_000; n += 1) {
    const name = nameOf(Buffer.from(String(n)));
    names.push(name);
    writeFileSync(path.join(folder, 'data', name.slice(0, 2), name), String(n));
  }
  writeFileSync(path.join(folder, 'data', 'ab', 'something else'), '');
  const first = await ask(hub, who, 'GET', `${at}/data/`);
  expect(first.headers['content-type']).toBe('application/vnd.x.restic.rest.v1');
  expect((JSON.parse(first.body.toString()) as string[]).sort()).toEqual(names.sort());
  const second = await ask(hub, who, 'GET', `${at}/data/`, undefined, { accept: 'application/vnd.x.restic.rest.v2' });
  expect(second.headers['content-type']).toBe('application/vnd.x.restic.rest.v2');
  expect(new Map((JSON.parse(second.body.toString()) as { name: string; size: number }[]).map(({ name, size }) => [name, size])).get(nameOf(Buffer.from('1234')))).toBe(4);
  expect((await ask(hub, who, 'GET', `${at}/index/`)).body.toString()).toBe('[]');
  const where = `${at}/data/${nameOf(Buffer.from('1234'))}`;
  const part = await ask(hub, who, 'GET', where, undefined, { range: 'bytes=1-2' });
  expect([part.status, part.body.toString(), part.headers['content-range']]).toEqual([206, '23', 'bytes 1-2/4']);
  expect((await ask(hub, who, 'GET', where, undefined, { range: 'bytes=4-' })).status).toBe(416);
});

test('an upload that breaks off leaves nothing, and its room is free again', async () => {
  const hub = await testHub();
  const { at, ...who } = await repository(hub, 1_000_000);
  const content = randomBytes(900_000);
  const socket = connect({ port: Number(new URL(hub.url).port), host: '127.0.0.1', rejectUnauthorized: false }, () => {
    socket.write(`POST ${at}/data/${nameOf(content)} HTTP/1.1\r\nHost: hub\r\nAuthorization: Basic ${Buffer.from(`${who.user}:${who.password}`).toString('base64')}\r\nContent-Length: ${content.length}\r\n\r\n`);
    socket.write(content.subarray(0, 300_000));
  });
  socket.on('error', () => undefined);
  await until(() => incoming(hub).length === 1);
  expect(await ask(hub, who, 'POST', `${at}/data/${nameOf(randomBytes(1))}`, randomBytes(200_000))).toMatchObject({ status: 507 }); // that room is taken
  socket.destroy();
  await until(() => incoming(hub).length === 0);
  expect((await ask(hub, who, 'POST', `${at}/data/${nameOf(content)}`, content)).status).toBe(200);
});

test('switched off, nothing is written and nobody gets credentials, but what is there can be read', async () => {
  const hub = await testHub();
  const { at, agentId, ...who } = await repository(hub);
  const content = randomBytes(100);
  expect((await ask(hub, who, 'POST', `${at}/keys/${nameOf(content)}`, content)).status).toBe(200);
  await hub.admin.updateStorage({ offered: false });
  expect(await ask(hub, who, 'POST', `${at}/keys/${nameOf(randomBytes(5))}`, content)).toMatchObject({ status: 403, reason: 'This hub offers no storage: its owner has switched it off.' });
  expect((await ask(hub, who, 'GET', `${at}/keys/${nameOf(content)}`)).body.equals(content)).toBe(true);
  await expect(hub.admin.renewStorageCredentials({ id: agentId })).rejects.toMatchObject({ code: 'policy-refused' });
});

test('what a computer stored is deleted only once it was removed, only by the hub\'s own computer, and with it its space', async () => {
  const hub = await testHub();
  const { at, agentId, ...who } = await repository(hub);
  const content = randomBytes(4_000);
  expect((await ask(hub, who, 'POST', `${at}/data/${nameOf(content)}`, content)).status).toBe(200);
  await expect(hub.admin.discardStorage({ id: agentId })).rejects.toMatchObject({ code: 'usage' });
  expect((await ask(hub, who, 'GET', `${at}/data/${nameOf(content)}`)).status).toBe(200);
  await hub.admin.deleteAgent({ id: agentId });
  expect((await hub.admin.storage({})).agents).toMatchObject([{ removed: true, usedBytes: 4_000 }]);
  expect(await hub.admin.discardStorage({ id: agentId })).toEqual({ bytes: 4_000 });
  expect(await hub.admin.storage({})).toMatchObject({ usedBytes: 0, agents: [] });
  await expect(hub.admin.discardStorage({ id: '999' })).rejects.toMatchObject({ code: 'not-found' });
  expect(remoteRoutes).not.toContain('discardStorage');
});

test('on PostgreSQL: quotas, credentials and the last write are kept', async () => {
  const { url } = await postgresServer();
  const hub = await testHub({ database: url });
  const { at, agentId, ...who } = await repository(hub, 5_000_000_000);
  await hub.admin.updateStorage({ defaultQuota: 1_000, totalQuota: 10_000_000_000_000 });
  const content = randomBytes(2_000);
  expect((await ask(hub, who, 'POST', `${at}/data/${nameOf(content)}`, content)).status).toBe(200);
  const overview = await hub.admin.storage({});
  expect(overview).toMatchObject({ usedBytes: 2_000, settings: { offered: true, defaultQuota: 1_000, totalQuota: 10_000_000_000_000, reserve: 0 } });
  expect(overview.agents).toMatchObject([{ agentId, ownQuota: 5_000_000_000, quota: 5_000_000_000, usedBytes: 2_000, lastWriteAt: expect.any(String), resticKeyAt: expect.any(String), agentKeyAt: null }]);
  const small = await storedAgent(hub, 'small');
  expect((await ask(hub, small, 'POST', `/storage/${small.agentId}/?create=true`)).status).toBe(200);
  expect(await ask(hub, small, 'POST', `/storage/${small.agentId}/data/${nameOf(content)}`, content)).toMatchObject({ status: 507 });
  expect((await hub.admin.listAudit({})).map(({ action }) => action)).toContain('updateStorage');
});
