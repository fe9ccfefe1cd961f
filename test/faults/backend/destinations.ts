/** The five kinds of destination on real servers, as the tests of faults need them: each over an address of the test's choice, and its files on a disk of the test's choice. */
import { join } from 'node:path';
import { expect } from 'vitest';
import { openBackend } from '../../../main/backup/backend/open.js';
import type { BackupSummary, Engine, RepositoryAccess } from '../../../main/backup/index.js';
import { startHub, type RunningHub } from '../../../main/hub/index.js';
import { HoldfastError } from '../../../main/shared/errors.js';
import type { CertificateFiles } from '../../helpers/certificate.js';
import { startRestServer, type RestServer } from '../../helpers/rclone.js';
import { Restic } from '../../helpers/restic.js';
import { startObjectStore, type ObjectStore } from '../../helpers/rgw.js';
import { startSshServer, type SshServer } from '../../helpers/sshd.js';
import { storedAgent, type Stored } from '../../helpers/storage.js';

export interface Address { readonly host: string; readonly port: number }

export interface Destination {
  /** Null for a folder, which has no server. */
  readonly port: number | null;
  /** A repository that is there once it is made. @param address where the server seems to be; default where it is */
  access(name: string, address?: Address): Promise<RepositoryAccess>;
  /** The official restic reads every byte of it, by an address of its own, and finds no fault. */
  check(name: string): Promise<void>;
  /** Away at once, and back on the same port. */
  kill(): Promise<void>;
  start(): Promise<void>;
  stop(): Promise<void>;
}

export const remoteKinds = ['sftp', 's3', 'rest', 'hub storage'] as const;
export type Kind = 'folder' | (typeof remoteKinds)[number];

const here = '127.0.0.1';

export interface Options {
  /** S3 and REST: over TLS, with this certificate, which the settings pin. */
  readonly tls?: CertificateFiles;
}

/**
 * @param files the folder in which repositories lie (S3: in memory)
 * @param scratch for everything else
 */
export async function startDestination(kind: Kind, files: string, scratch: string, { tls }: Options = {}): Promise<Destination & { readonly store?: ObjectStore; readonly ssh?: SshServer; readonly hub?: () => RunningHub }> {
  const nothing = (): Promise<void> => Promise.resolve();
  const scheme = tls ? 'https' : 'http';
  const pin: Record<string, string> = tls ? { 'certificate-pin': tls.fingerprint } : {};
  const trust = tls ? ['--cacert', tls.certificate] : [];
  const whole = (url: string, options: string[] = [], env: Record<string, string> = {}): Promise<void> => new Restic(url, 'pw', join(scratch, 'restic'), options).check(env);
  switch (kind) {
    case 'folder':
      return { port: null, access: (name) => Promise.resolve({ url: join(files, name), password: 'pw' }), check: (name) => whole(join(files, name)), kill: nothing, start: nothing, stop: nothing };
    case 'sftp': {
      const ssh = await startSshServer();
      return {
        ssh, port: ssh.port,
        access: (name, { host, port } = { host: here, port: ssh.port }) => Promise.resolve({ url: `sftp://${ssh.user}@${host}:${port}/${join(files, name)}`, password: 'pw', backend: { ...ssh.settings, 'known-hosts-file': '/nowhere', 'host-key': ssh.fingerprint } }),
        check: (name) => whole(join(files, name)), // the same files
        kill: () => ssh.kill(), start: () => ssh.start(), stop: () => ssh.stop(),
      };
    }
    case 's3': {
      const store = await startObjectStore(tls ? { tls } : {});
      return {
        store, port: store.port,
        access: (name, { host, port } = { host: here, port: store.port }) => Promise.resolve({ url: `s3:${scheme}://${host}:${port}/${name}`, password: 'pw', backend: { 'access-key-id': store.accessKey, 'secret-access-key': store.secretKey, ...pin } }),
        check: (name) => whole(`s3:${store.endpoint}/${name}`, trust, { AWS_ACCESS_KEY_ID: store.accessKey, AWS_SECRET_ACCESS_KEY: store.secretKey }),
        kill: () => store.killGateway(), start: () => store.startGateway(), stop: () => store.stop(),
      };
    }
    case 'rest': {
      const secret = { user: 'anna', password: 'geheim' };
      let rest: RestServer = await startRestServer(files, { ...secret, ...(tls ? { tls } : {}) });
      const { port: own } = rest;
      return {
        port: own,
        access: (name, { host, port } = { host: here, port: own }) => Promise.resolve({ url: `rest:${scheme}://${host}:${port}/${name}/`, password: 'pw', backend: { ...secret, ...pin } }),
        check: (name) => whole(`rest:${scheme}://${secret.user}:${secret.password}@${here}:${own}/${name}/`, trust),
        kill: () => rest.kill(), start: async () => { rest = await startRestServer(files, { ...secret, port: own, ...(tls ? { tls } : {}) }); }, stop: () => rest.stop(),
      };
    }
    case 'hub storage': {
      const begin = (port: number): Promise<RunningHub> => startHub({ dataFolder: join(scratch, 'hub'), storageFolder: files, version: '0.0.0', name: 'Hub', listen: { host: here, port }, logger: { log: () => undefined } });
      let hub = await begin(0);
      const own = Number(/:(\d+)/.exec(hub.url)?.[1]);
      const stores = new Map<string, Stored>();
      return {
        hub: () => hub, port: own,
        access: async (name, { host, port } = { host: here, port: own }) => {
          const stored = await storedAgent(hub, name);
          stores.set(name, stored);
          const { url, user, password } = stored;
          return { url: url.replace(`${here}:${own}`, `${host}:${port}`), password: 'pw', backend: { user, password, 'certificate-pin': hub.fingerprint } };
        },
        check: (name) => {
          const { url = '', user, password } = stores.get(name) ?? {};
          return whole(url.replace('//', `//${user}:${password}@`), ['--cacert', join(scratch, 'hub', 'hub-certificate.pem')]);
        },
        kill: () => hub.close(), start: async () => { hub = await begin(own); }, stop: () => hub.close(),
      };
    }
  }
}

/** Names of the packs that are there, whether an index knows them or not. */
export async function packsIn(repository: RepositoryAccess): Promise<Set<string>> {
  const backend = openBackend({ ...repository, cacheFolder: false });
  try {
    const names = new Set<string>();
    for await (const { name } of backend.list('data')) names.add(name);
    return names;
  } finally {
    await backend.close();
  }
}

export interface Outcome {
  readonly summary: BackupSummary | null;
  readonly error: HoldfastError | null;
  /** Names of packs whose upload ended well. */
  readonly saved: string[];
}

/** Backs up and says what came of it. Anything but a HoldfastError is thrown. */
export async function attempt(engine: Engine, repository: RepositoryAccess, source: string): Promise<Outcome> {
  const saved: string[] = [];
  const onTrace = (line: string): void => {
    const [, name] = /^save data\/([0-9a-f]{64}) .*: done/.exec(line) ?? [];
    if (name !== undefined) saved.push(name);
  };
  try {
    return { summary: await engine.backup({ repository, paths: [source], packSize: 4 }, { onTrace }), error: null, saved };
  } catch (error) {
    if (!(error instanceof HoldfastError)) throw error;
    return { summary: null, error, saved };
  }
}

/** One sentence or two, for a person: nothing of a program's insides. */
export const sentence = /^[A-Z"`].{10,400}\.$/;

/**
 * Once the world is right again: the next backup succeeds, sends nothing that is there, and the official restic finds every byte right.
 * @param check the destination's @param there packs after the attempt before @returns what was seen
 */
export async function recovers(engine: Engine, repository: RepositoryAccess, source: string, before: Outcome, there: ReadonlySet<string>, check: () => Promise<void>): Promise<string> {
  const after = await attempt(engine, repository, source);
  expect(after.error).toBeNull();
  expect(after.summary).toMatchObject({ error_count: 0 });
  const again = after.saved.filter((name) => there.has(name) && before.saved.includes(name));
  expect(again, 'packs that were there are not sent again').toEqual([]);
  // their content is not sent again in other packs either: a pack of data holds 4 MB
  const whole = before.saved.length; // a server that is killed may leave others behind that are not whole
  if (before.summary === null && whole > 1) expect(after.summary?.data_added_packed).toBeLessThan((after.summary?.total_bytes_processed ?? 0) - (whole - 1) * 3.5e6);
  await check();
  return `${whole} packs kept, ${after.saved.length} sent`;
}
