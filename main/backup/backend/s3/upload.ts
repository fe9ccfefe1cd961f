/** Bringing content into a bucket: in one request, or in parts where it is large. */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import type { PutObjectCommandInput } from '@aws-sdk/client-s3';
import { isSpool, type Spool } from '../backend.js';
import type { Throttle } from '../decorators/bandwidth.js';
import { bodyStream, sizeOf } from '../remote/body.js';
import type { Connected } from './client.js';

/** Content larger than this goes in parts of `partBytes`, so that a broken connection does not cost all of it. */
const largestSingle = 64 * 2 ** 20;
const partBytes = 16 * 2 ** 20;
const partsAtOnce = 3;

export interface Upload {
  readonly where: { readonly Bucket: string; readonly Key: string };
  readonly content: Uint8Array | Spool;
  /** Storage class and object lock. */
  readonly properties: Partial<PutObjectCommandInput>;
  /** SHA-256 of the content in hex, where it is known: the service then checks what arrives against it at no cost to us. */
  readonly sha256: string | null;
  /** Buckets with object lock want it. */
  readonly withMd5: boolean;
  readonly throttle: Throttle | undefined;
  readonly signal: AbortSignal | undefined;
}

export function upload(connected: Connected, order: Upload): Promise<void> {
  return sizeOf(order.content) > largestSingle ? inParts(connected, order) : atOnce(connected, order);
}

async function atOnce({ sdk, client }: Connected, order: Upload): Promise<void> {
  const { content, signal, sha256 } = order;
  const streamed = isSpool(content) || order.throttle !== undefined;
  const command = new sdk.PutObjectCommand({
    ...order.where, ...order.properties,
    Body: streamed ? bodyStream(content, order.throttle, signal) : content,
    ContentLength: sizeOf(content), ContentType: 'application/octet-stream',
    ...(order.withMd5 ? { ContentMD5: await md5(content) } : {}),
  });
  if (sha256 !== null) {
    command.middlewareStack.add((next) => (args) => {
      if (typeof args.request === 'object' && args.request !== null && 'headers' in args.request) Object.assign(args.request.headers as object, { 'x-amz-content-sha256': sha256 });
      return next(args);
    }, { step: 'build', name: 'knownContentHash' });
  }
  await client.send(command, { abortSignal: signal });
}

async function inParts({ sdk, client }: Connected, order: Upload): Promise<void> {
  const { where, signal } = order;
  const { UploadId } = await client.send(new sdk.CreateMultipartUploadCommand({ ...where, ...order.properties, ContentType: 'application/octet-stream' }), { abortSignal: signal });
  const size = sizeOf(order.content);
  const count = Math.ceil(size / partBytes);
  const tags = new Array<string | undefined>(count);
  const read = await partReader(order.content);
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < count) {
      const part = next++;
      const bytes = await read.part(part * partBytes, Math.min(partBytes, size - part * partBytes));
      const answer = await client.send(new sdk.UploadPartCommand({
        ...where, UploadId, PartNumber: part + 1, ContentLength: bytes.length,
        Body: order.throttle ? bodyStream(bytes, order.throttle, signal) : bytes,
        ...(order.withMd5 ? { ContentMD5: createHash('md5').update(bytes).digest('base64') } : {}),
      }), { abortSignal: signal });
      tags[part] = answer.ETag;
    }
  };
  try {
    const outcomes = await Promise.allSettled(Array.from({ length: Math.min(partsAtOnce, count) }, worker));
    const failure = outcomes.find((outcome) => outcome.status === 'rejected');
    if (failure) throw failure.reason;
    await client.send(new sdk.CompleteMultipartUploadCommand({
      ...where, UploadId, MultipartUpload: { Parts: tags.map((ETag, i) => ({ ETag, PartNumber: i + 1 })) },
    }), { abortSignal: signal });
  } catch (error) {
    // parts that nobody puts together would be paid for
    await client.send(new sdk.AbortMultipartUploadCommand({ ...where, UploadId })).catch(() => undefined);
    throw error;
  } finally {
    await read.close();
  }
}

async function partReader(content: Uint8Array | Spool): Promise<{ part(offset: number, length: number): Promise<Uint8Array>; close(): Promise<void> }> {
  if (!isSpool(content)) return { part: (offset, length) => Promise.resolve(content.subarray(offset, offset + length)), close: () => Promise.resolve() };
  const handle = await open(content.path, 'r');
  return {
    part: async (offset, length) => {
      const bytes = Buffer.allocUnsafe(length);
      for (let done = 0; done < length;) {
        const { bytesRead } = await handle.read(bytes, done, length - done, offset + done);
        if (bytesRead === 0) throw new Error(`${content.path} became shorter while it was read`);
        done += bytesRead;
      }
      return bytes;
    },
    close: () => handle.close(),
  };
}

async function md5(content: Uint8Array | Spool): Promise<string> {
  const hash = createHash('md5');
  if (!isSpool(content)) return hash.update(content).digest('base64');
  for await (const piece of createReadStream(content.path)) hash.update(piece as Buffer);
  return hash.digest('base64');
}
