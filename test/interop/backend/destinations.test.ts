/** On every kind of destination: what Holdfast saves restic restores and finds whole, and the other way round. */
import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createEngine, type RepositoryAccess } from '../../../main/backup/index.js';
import { startRestServer, type RestServer } from '../../helpers/rclone.js';
import { Restic } from '../../helpers/restic.js';
import { startObjectStore, type ObjectStore } from '../../helpers/rgw.js';
import { startSshServer, type SshServer } from '../../helpers/sshd.js';
import { describe as contentsOf, makeZoo, temporaryFolder } from '../../helpers/trees.js';

const folder = temporaryFolder();
const source = join(folder.path, 'source');
const engine = createEngine();
let store: ObjectStore, ssh: SshServer, rest: RestServer;

beforeAll(async () => {
  makeZoo(source);
  rmSync(join(source, 'zeros'), { force: true }); // time is better spent on what differs between destinations
  [store, ssh, rest] = await Promise.all([startObjectStore(), startSshServer(), startRestServer(join(folder.path, 'rest'), { user: 'anna', password: 'geheim' })]);
}, 90_000);
afterAll(async () => {
  await engine.close();
  await Promise.all([store.stop(), ssh.stop(), rest.stop()]);
  folder.remove();
});

interface Place {
  readonly access: (name: string) => RepositoryAccess;
  /** How restic reaches the same repository. */
  readonly restic: (name: string) => { repository: string; args: string[]; env: Record<string, string> };
}

const places: Record<string, () => Place> = {
  's3': () => ({
    access: (name) => ({ url: `s3:${store.endpoint}/${name}/pre/fix`, password: 'pw', cacheFolder: join(folder.path, 'cache'), backend: { 'access-key-id': store.accessKey, 'secret-access-key': store.secretKey } }),
    restic: (name) => ({ repository: `s3:${store.endpoint}/${name}/pre/fix`, args: [], env: { AWS_ACCESS_KEY_ID: store.accessKey, AWS_SECRET_ACCESS_KEY: store.secretKey } }),
  }),
  'sftp': () => ({
    access: (name) => ({ url: `sftp://${ssh.user}@127.0.0.1:${ssh.port}/${join(folder.path, name)}`, password: 'pw', cacheFolder: join(folder.path, 'cache'), backend: { ...ssh.settings } }),
    restic: (name) => ({
      repository: `sftp:${ssh.user}@127.0.0.1:${join(folder.path, name)}`, env: {},
      args: ['-o', `sftp.command=ssh -F none -i ${ssh.keyFile} -o UserKnownHostsFile=${ssh.knownHostsFile} -p ${ssh.port} ${ssh.user}@127.0.0.1 -s sftp`],
    }),
  }),
  'rest': () => ({
    access: (name) => ({ url: `${rest.url}${name}/`, password: 'pw', cacheFolder: join(folder.path, 'cache'), backend: { user: 'anna', password: 'geheim' } }),
    restic: (name) => ({ repository: `${rest.url.replace('//', '//anna:geheim@')}${name}/`, args: [], env: {} }),
  }),
};

for (const [kind, make] of Object.entries(places)) {
  test(`${kind}: ours is restored by restic and whole, theirs is restored by us`, async () => {
    const place = make();
    const theirs = (name: string) => {
      const { repository, args, env } = place.restic(name);
      const restic = new Restic(repository, 'pw', folder.path);
      return (command: string[]) => restic.ok([...args, ...command], { env });
    };
    const target = join(folder.path, `${kind}-restored`);
    const warnings: string[] = [];

    const ours = `${kind}-ours`;
    await engine.init({ repository: place.access(ours) });
    await engine.backup({ repository: place.access(ours), paths: [source] }, { onWarning: (text) => warnings.push(text) });
    await theirs(ours)(['restore', 'latest', '--target', target]);
    expect(contentsOf(join(target, source))).toEqual(contentsOf(source));
    rmSync(target, { recursive: true });

    // both take turns in one repository
    const added = JSON.parse((await theirs(ours)(['backup', '--json', source])).trim().split('\n').at(-1) ?? '{}');
    expect(added).toMatchObject({ data_blobs: 0 });
    await engine.forget({ repository: place.access(ours), keep: { last: 1 }, groupBy: [], prune: { maxUnused: '0%' } });
    expect(await theirs(ours)(['check', '--read-data'])).toContain('no errors were found');

    await theirs(`${kind}-theirs`)(['init']);
    await theirs(`${kind}-theirs`)(['backup', source]);
    await engine.restore({ repository: place.access(`${kind}-theirs`), snapshot: 'latest', target });
    expect(contentsOf(join(target, source))).toEqual(contentsOf(source));
    expect(warnings).toEqual([]);
    rmSync(target, { recursive: true });
    if (kind === 'sftp') expect(readdirSync(join(folder.path, ours)).sort()).toEqual(['config', 'data', 'index', 'keys', 'locks', 'snapshots']);
  });
}
