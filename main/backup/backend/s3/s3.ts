/** A repository in a bucket of Amazon S3 or one of the many services that speak its language, in restic's layout. */
import { rm } from 'node:fs/promises';
import { addAbortSignal, Readable } from 'node:stream';
import { asHoldfastError, HoldfastError } from '../../../shared/errors.js';
import { isSpool, type FileHandle, type FileKind, type ListedFile, type Spool } from '../backend.js';
import type { Throttles } from '../decorators/bandwidth.js';
import { codeOf, localError } from '../local-errors.js';
import { readAll } from '../remote/body.js';
import type { RemoteBackend, RemoteSettings } from '../remote/compose.js';
import { defaultPath, describeFile } from '../remote/layout.js';
import { SpoolSpace } from '../remote/spool.js';
import { connect, parseS3Options, type Connected, type S3Settings } from './client.js';
import { s3Error, whatWasSaid, type Said } from './errors.js';
import { upload, type Upload } from './upload.js';
import { isAmazon, parseS3Url, type S3Place } from './url.js';

/** Classes from which nothing can be read at once: only packs may go there, as with restic. */
const archiveClasses = new Set(['GLACIER', 'DEEP_ARCHIVE']);
const day = 24 * 3600 * 1000;

export class S3Backend implements RemoteBackend {
  readonly location: string;
  readonly settings: RemoteSettings;
  private readonly place: S3Place;
  private readonly options: S3Settings;
  private readonly spool = new SpoolSpace();
  private connecting: Promise<Connected> | null = null;
  /** Found out by trying: buckets with object lock do not take files without it. */
  private withMd5 = false;

  /** @throws `usage` */
  constructor(url: string, given: Readonly<Record<string, string>> = {}, private readonly limits: Throttles = {}, private readonly env: NodeJS.ProcessEnv = process.env) {
    this.options = parseS3Options(given);
    this.place = parseS3Url(url);
    this.location = this.place.location;
    this.settings = { connections: this.options.connections, retrySeconds: this.options['retry-seconds'] };
    this.withMd5 = this.options['object-lock-days'] !== undefined;
  }

  /** Makes the bucket if there is none. */
  async create(): Promise<void> {
    const Bucket = this.place.bucket;
    await this.work('Looking for the bucket', undefined, async ({ sdk, client }) => {
      try {
        await client.send(new sdk.HeadBucketCommand({ Bucket }));
      } catch (error) {
        let said = whatWasSaid(error);
        if (said?.status === 403 || said?.status === 400) said = await reasonOfRefusal({ sdk, client }, Bucket);
        if (said?.name === 'AccessDenied') return; // a key for one folder may not look at the bucket, yet may use it
        if (said?.status !== 404) throw error;
        const region = await client.config.region();
        const placed = isAmazon(this.place.endpoint.hostname) && region !== 'us-east-1';
        await client.send(new sdk.CreateBucketCommand({
          Bucket, ...(placed ? { CreateBucketConfiguration: { LocationConstraint: region as 'eu-central-1' } } : {}),
        })).catch((failure: unknown) => {
          if (whatWasSaid(failure)?.name !== 'BucketAlreadyOwnedByYou') throw failure;
        });
      }
    });
  }

  async save(file: FileHandle, content: Uint8Array | Spool, signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted();
    await this.work(`Saving ${describeFile(file)}`, signal, async (connected) => {
      const order = (): Upload => ({
        where: this.at(file), content, signal, properties: this.properties(file), throttle: this.limits.upload, withMd5: this.withMd5,
        sha256: file.kind !== 'config' && /^[0-9a-f]{64}$/.test(file.name) ? file.name : null,
      });
      try {
        await upload(connected, order());
      } catch (error) {
        if (this.withMd5 || !wantsMd5(error)) throw error;
        this.withMd5 = true;
        await upload(connected, order());
      }
    });
    if (isSpool(content)) await rm(content.path, { force: true });
  }

  async load(file: FileHandle, range?: { offset: number; length: number }, signal?: AbortSignal): Promise<Buffer> {
    signal?.throwIfAborted();
    if (range?.length === 0) {
      await this.stat(file, signal);
      return Buffer.alloc(0);
    }
    const bytes = await this.work(`Reading ${describeFile(file)}`, signal, async ({ sdk, client }) => {
      const Range = range && `bytes=${range.offset}-${range.offset + range.length - 1}`;
      const answer = await client.send(new sdk.GetObjectCommand({ ...this.at(file), Range }), { abortSignal: signal });
      if (!(answer.Body instanceof Readable)) return Buffer.alloc(0);
      const body = signal ? addAbortSignal(signal, answer.Body) : answer.Body;
      return readAll(body, this.limits.download, answer.ContentLength ?? null, signal);
    }, file);
    if (range && bytes.length < range.length) throw this.tooShort(file);
    return bytes;
  }

  async stat(file: FileHandle, signal?: AbortSignal): Promise<{ size: number }> {
    return this.work(`Looking for ${describeFile(file)}`, signal, async ({ sdk, client }) => {
      const head = async (): Promise<{ size: number }> => ({ size: (await client.send(new sdk.HeadObjectCommand(this.at(file)), { abortSignal: signal })).ContentLength ?? 0 });
      try {
        return await head();
      } catch (error) {
        // Answers to HEAD have no body, so that a wrong secret and a wrong clock look the same: ask in a way that is told.
        if (![400, 403].includes(whatWasSaid(error)?.status ?? 0)) throw error;
        const { Body } = await client.send(new sdk.GetObjectCommand({ ...this.at(file), Range: 'bytes=0-0' }), { abortSignal: signal });
        if (Body instanceof Readable) Body.destroy();
        return head(); // the client has corrected its clock meanwhile, by the answer to somebody else
      }
    }, file);
  }

  async *list(kind: FileKind, signal?: AbortSignal): AsyncIterable<ListedFile> {
    const Prefix = `${this.place.prefix}${kind}/`;
    let ContinuationToken: string | undefined;
    do {
      const page = await this.work(`Listing ${kind}`, signal, ({ sdk, client }) => client.send(
        new sdk.ListObjectsV2Command({ Bucket: this.place.bucket, Prefix, ContinuationToken }), { abortSignal: signal }));
      for (const { Key = '', Size = 0 } of page.Contents ?? []) {
        const name = Key.slice(Key.lastIndexOf('/') + 1);
        if (name !== '') yield { name, size: Size }; // some tools leave empty objects that stand for folders
      }
      ContinuationToken = page.IsTruncated === true ? page.NextContinuationToken : undefined;
    } while (ContinuationToken !== undefined);
  }

  async remove(file: FileHandle, signal?: AbortSignal): Promise<void> {
    await this.work(`Removing ${describeFile(file)}`, signal, async ({ sdk, client }) => {
      try {
        await client.send(new sdk.DeleteObjectCommand(this.at(file)), { abortSignal: signal });
      } catch (error) {
        if (whatWasSaid(error)?.name !== 'NoSuchKey') throw error;
      }
    });
  }

  spoolFolder(): Promise<string> {
    return this.spool.folder();
  }

  discardSpool(): Promise<void> {
    return this.spool.discard();
  }

  localPath(): null {
    return null;
  }

  async close(): Promise<void> {
    const connected = await this.connecting?.catch(() => null);
    this.connecting = null;
    connected?.close();
    await this.spool.discard();
  }

  private at(file: FileHandle): { Bucket: string; Key: string } {
    return { Bucket: this.place.bucket, Key: this.place.prefix + defaultPath(file) };
  }

  private properties(file: FileHandle): Upload['properties'] {
    const { 'storage-class': storageClass, 'object-lock-days': days, 'object-lock-mode': mode } = this.options;
    const isStored = storageClass !== undefined && (file.kind === 'data' || !archiveClasses.has(storageClass));
    return {
      ...(isStored ? { StorageClass: storageClass as 'STANDARD_IA' } : {}),
      // locks must go again soon
      ...(days !== undefined && file.kind !== 'locks' ? { ObjectLockMode: mode, ObjectLockRetainUntilDate: new Date(Date.now() + days * day) } : {}),
    };
  }

  private async work<T>(doing: string, signal: AbortSignal | undefined, work: (connected: Connected) => Promise<T>, file?: FileHandle): Promise<T> {
    try {
      this.connecting ??= connect(this.place, this.options, this.env);
      return await work(await this.connecting);
    } catch (error) {
      if (signal?.aborted) throw signal.reason;
      const said = whatWasSaid(error);
      if (file && (said?.name === 'NoSuchKey' || said?.name === 'NotFound')) throw new HoldfastError('not-found', `${capital(describeFile(file))} does not exist at ${this.location}.`);
      if (file && said?.name === 'InvalidRange') throw this.tooShort(file);
      const meant = s3Error(error, doing, this.place.endpoint.host, this.place.bucket);
      if (meant instanceof HoldfastError) throw meant;
      throw codeOf(error)?.startsWith('E') ? localError(error, 'the temporary folder') : asHoldfastError(error);
    }
  }

  private tooShort(file: FileHandle): HoldfastError {
    return new HoldfastError('repository-damaged', `${capital(describeFile(file))} at ${this.location} is shorter than it should be. Run check to see how much is affected.`);
  }
}

/** Answers to HEAD have no body: the same asked in a way that is told why. `AccessDenied` stands for a bucket that is there. */
async function reasonOfRefusal({ sdk, client }: Pick<Connected, 'sdk' | 'client'>, Bucket: string): Promise<Said> {
  try {
    await client.send(new sdk.ListObjectsV2Command({ Bucket, MaxKeys: 1 }));
  } catch (error) {
    const said = whatWasSaid(error);
    if (said === null || !['AccessDenied', 'NoSuchBucket'].includes(said.name)) throw error;
    return said;
  }
  return { name: 'AccessDenied', status: 403, message: '' };
}

function wantsMd5(error: unknown): boolean {
  const said = whatWasSaid(error);
  return said !== null && said.status === 400 && /content-md5|checksum/i.test(`${said.name} ${said.message}`);
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
