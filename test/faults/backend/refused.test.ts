/** Whole backups that a server or a disk refuses, at once or in the middle: a sentence names the cause, and once it is mended the next run goes on from there. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PutBucketPolicyCommand, S3Client } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { createEngine, type RepositoryAccess } from '../../../main/backup/index.js';
import { makeCertificate, type CertificateFiles } from '../../helpers/certificate.js';
import { makeKey } from '../../helpers/sshd.js';
import { removeTree, tempFolder } from '../../helpers/temp.js';
import { bytes } from '../../helpers/trees.js';
import { attempt, packsIn, recovers, sentence, startDestination, type Kind } from './destinations.js';

const folder = tempFolder({ keep: true });
const source = join(folder, 'source');
const otherKey = join(folder, 'other-key');
const engine = createEngine();
let certificate: CertificateFiles;
const seen: string[] = [];
const isRoot = process.getuid?.() === 0;

beforeAll(async () => {
  mkdirSync(source);
  for (let i = 0; i < 12; i++) writeFileSync(join(source, `file ${i}`), bytes(1_000_000, i + 1, 1));
  await makeKey(otherKey);
  certificate = await makeCertificate(folder, '127.0.0.1');
});
afterAll(async () => {
  await engine.close();
  await removeTree(folder);
  console.log(['', ...seen].join('\n'));
});

type World = Awaited<ReturnType<typeof startDestination>> & { readonly files: string; readonly name: string; readonly repository: RepositoryAccess };
interface Case {
  readonly kind: Kind;
  readonly fault: string;
  readonly begin?: (world: World) => Promise<unknown> | void;
  readonly mend?: (world: World) => Promise<unknown> | void;
  /** Settings while it is wrong; an empty text takes one away. */
  readonly settings?: () => Record<string, string>;
  readonly error: RegExp;
  readonly tls?: boolean;
}

const unchangeable = (how: '+i' | '-i') => ({ files, name, kind }: { files: string; name: string; kind: Kind }): void => {
  execFileSync('chattr', ['-R', how, join(files, kind === 'hub storage' ? '1' : name, 'data')]);
};
const denied = (kind: Kind, error: RegExp): Case => ({
  kind, fault: 'no permission to write', error, begin: (world) => unchangeable('+i')({ ...world, kind }), mend: (world) => unchangeable('-i')({ ...world, kind }),
});

const cases: Case[] = [
  { kind: 'sftp', fault: 'wrong key', settings: () => ({ 'private-key-file': otherKey }), error: /does not let .* in/ },
  { kind: 'sftp', fault: 'host key changed', settings: () => ({ 'host-key': `SHA256:${'A'.repeat(43)}` }), error: /host key of .* has changed/ },
  { kind: 's3', fault: 'wrong key', settings: () => ({ 'secret-access-key': 'not-this-one' }), error: /secret key does not fit/ },
  {
    kind: 's3', fault: 'quota exceeded', error: /quota of the bucket .* is used up/,
    begin: async ({ store, name }) => {
      await store?.admin('quota', 'set', '--quota-scope=bucket', '--uid=test', `--bucket=${name}`, '--max-size=6M');
      await store?.admin('quota', 'enable', '--quota-scope=bucket', '--uid=test', `--bucket=${name}`);
    },
    mend: ({ store, name }) => store?.admin('quota', 'disable', '--quota-scope=bucket', '--uid=test', `--bucket=${name}`),
  },
  { kind: 's3', fault: 'certificate not trusted', tls: true, settings: () => ({ 'certificate-pin': '' }), error: /certificate of .* is not trusted/ },
  { kind: 's3', fault: 'another certificate', tls: true, settings: () => ({ 'certificate-pin': 'ab'.repeat(32) }), error: /shows another certificate/ },
  {
    kind: 's3', fault: 'no permission to write', error: /is not allowed in the bucket/, settings: () => ({ 'access-key-id': 'reader', 'secret-access-key': 'reader-secret' }),
    begin: async ({ store, name }) => {
      if (!store) throw new Error('no object store');
      await store.admin('user', 'create', '--uid=reader', '--display-name=reader', '--access-key=reader', '--secret-key=reader-secret');
      const client = new S3Client({ endpoint: store.endpoint, region: 'us-east-1', forcePathStyle: true, credentials: { accessKeyId: store.accessKey, secretAccessKey: store.secretKey } });
      await client.send(new PutBucketPolicyCommand({ Bucket: name, Policy: JSON.stringify({ Version: '2012-10-17', Statement: [{
        Effect: 'Allow', Principal: { AWS: ['arn:aws:iam:::user/reader'] }, Action: ['s3:GetObject', 's3:ListBucket'], Resource: [`arn:aws:s3:::${name}`, `arn:aws:s3:::${name}/*`],
      }] }) }));
      client.destroy();
    },
  },
  { kind: 'rest', fault: 'wrong key', settings: () => ({ password: 'nonsense' }), error: /does not accept the user name and password/ },
  { kind: 'rest', fault: 'certificate not trusted', tls: true, settings: () => ({ 'certificate-pin': '' }), error: /certificate of .* is not trusted/ },
  { kind: 'rest', fault: 'another certificate', tls: true, settings: () => ({ 'certificate-pin': 'ab'.repeat(32) }), error: /shows another certificate/ },
  { kind: 'hub storage', fault: 'wrong key', settings: () => ({ password: 'x'.repeat(40) }), error: /does not accept the user name and password/ },
  { kind: 'hub storage', fault: 'certificate not trusted', settings: () => ({ 'certificate-pin': '' }), error: /certificate of .* is not trusted/ },
  { kind: 'hub storage', fault: 'another certificate', settings: () => ({ 'certificate-pin': 'ab'.repeat(32) }), error: /shows another certificate/ },
  {
    kind: 'hub storage', fault: 'quota exceeded', error: /quota of this computer in hub storage is used up/,
    begin: ({ hub }) => hub?.().admin.setStorageQuota({ id: '1', quota: 6_000_000 }), mend: ({ hub }) => hub?.().admin.setStorageQuota({ id: '1', quota: null }),
  },
  ...(isRoot ? [
    denied('folder', /no permission/), denied('sftp', /not permitted/), denied('rest', /does not say why/), denied('hub storage', /may not write/),
  ] : []),
];

describe.each(cases)('$kind: $fault', ({ kind, fault, begin, mend, settings, error, tls = false }) => {
  it('is said in a sentence, and the next run goes on from there', async () => {
    const files = join(folder, `${kind}-${fault}`.replace(/\W+/g, '-'));
    mkdirSync(files);
    const destination = await startDestination(kind, files, `${files}-scratch`, tls ? { tls: certificate } : {});
    onTestFinished(() => destination.stop());
    const plain = await destination.access('refused');
    const repository = { ...plain, cacheFolder: join(folder, 'cache'), ...(kind === 'folder' ? {} : { backend: { ...plain.backend, 'retry-seconds': '2' } }) };
    await engine.init({ repository });
    const world: World = { ...destination, files, name: 'refused', repository };
    await begin?.(world);
    const wrong = Object.fromEntries(Object.entries({ ...repository.backend, ...settings?.() }).filter(([, value]) => value !== ''));
    const outcome = await attempt(engine, kind === 'folder' ? repository : { ...repository, backend: wrong }, source);
    await mend?.(world);
    expect(outcome.error?.message).toMatch(error);
    expect(outcome.error?.message).toMatch(sentence);
    seen.push(`| ${kind} | ${fault} | ${outcome.error?.message} | ${await recovers(engine, repository, source, outcome, await packsIn(repository), () => destination.check('refused'))} |`);
  });
});
