/**
 * Mutations of real bytes and real words: whatever a repository, a person or a hub sends, a parser hands back what it promises or throws
 * one sentence. Nothing else leaves it, nothing hangs, and nothing it accepts has an impossible value.
 */
import { createHash, randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { HoldfastError } from '../../../main/shared/errors.js';
import { parseRestUrl } from '../../../main/backup/backend/rest/url.js';
import { parseS3Url } from '../../../main/backup/backend/s3/url.js';
import { parseSftpUrl } from '../../../main/backup/backend/sftp/url.js';
import { chooseSubset } from '../../../main/backup/checker/subset.js';
import { mostFrom } from '../../../main/backup/compress/bomb.js';
import { frameBound, Zstd } from '../../../main/backup/compress/zstd.js';
import { PatternList } from '../../../main/backup/filter/pattern.js';
import { encodeConfig, newConfig, parseConfig } from '../../../main/backup/format/config.js';
import { Sealer } from '../../../main/backup/format/crypto.js';
import { encodeIndex, parseIndex, readIndex } from '../../../main/backup/format/index-file.js';
import { makeKeyFile, parseKeyFile } from '../../../main/backup/format/key.js';
import { encodeLock, parseLock } from '../../../main/backup/format/lock-file.js';
import type { Node } from '../../../main/backup/format/node.js';
import { encodeHeader, parseHeader, type PackedBlob } from '../../../main/backup/format/pack-header.js';
import { encodeSnapshot, parseSnapshot } from '../../../main/backup/format/snapshot.js';
import { parseTree } from '../../../main/backup/format/tree.js';
import { openHeader } from '../../../main/backup/pack/header.js';
import { parseSize, unusedLimit } from '../../../main/backup/pruner/plan.js';
import { parseDuration } from '../../../main/backup/retention/policy.js';
import { Kernel } from '../../../main/backup/wasm/kernel.js';
import { encodeTree } from '../../helpers/tree.js';

const kernel = new Kernel();
const keys = { encrypt: randomBytes(32), macK: randomBytes(16), macR: randomBytes(16) };
const sealer = new Sealer(keys, kernel);
const id = (text: string): string => createHash('sha256').update(text).digest('hex');
const runs = 600;

/** @returns what the parser returned, or null when it refused in a sentence */
function sentenceOr<T>(work: () => T): T | null {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof HoldfastError)) throw error;
    expect(error.message).toMatch(/^[^\n]+[.)]$/);
    expect(error.message.length).toBeLessThan(1000);
    return null;
  }
}

/** A change to bytes, as chance, a broken disk or somebody who means ill makes it. */
type Mutation = (bytes: Buffer) => Buffer;
const place = fc.double({ min: 0, max: 1, noNaN: true });
const at = (bytes: Buffer, where: number): number => Math.min(bytes.length, Math.floor(where * bytes.length));
const hostileJson = fc.constantFrom('-1', '0', '1e400', '-0', '1.5', '9007199254740993', '18446744073709551616', '1e300', 'null', 'true', '""', '"\\u0000"', '[]', '{}', '[[]]',
  '{"__proto__":{"id":1}}', `"${'f'.repeat(64)}"`, `"${'f'.repeat(63)}G"`, `${'['.repeat(5000)}${']'.repeat(5000)}`, '"9999-99-99T99:99:99Z"', '"../../etc/passwd"', '"\\ud800"');
const mutation: fc.Arbitrary<Mutation> = fc.oneof(
  fc.tuple(place, fc.nat(7)).map(([where, bit]): Mutation => (bytes) => { const i = Math.min(at(bytes, where), bytes.length - 1); if (i >= 0) bytes[i] = (bytes[i] ?? 0) ^ (1 << bit); return bytes; }),
  fc.tuple(place, fc.uint8Array({ minLength: 1, maxLength: 9 })).map(([where, extra]): Mutation => (bytes) => Buffer.concat([bytes.subarray(0, at(bytes, where)), extra, bytes.subarray(at(bytes, where))])),
  place.map((where): Mutation => (bytes) => bytes.subarray(0, at(bytes, where))),
  fc.tuple(place, place).map(([a, b]): Mutation => (bytes) => Buffer.concat([bytes.subarray(0, at(bytes, Math.min(a, b))), bytes.subarray(at(bytes, Math.max(a, b)))])),
  fc.tuple(place, place).map(([a, b]): Mutation => (bytes) => Buffer.concat([bytes, bytes.subarray(at(bytes, Math.min(a, b)), at(bytes, Math.max(a, b)))])),
  fc.tuple(place, fc.constantFrom(0, 0xff, 0x7fffffff, 0xffffffff)).map(([where, word]): Mutation => (bytes) => { const i = at(bytes, where); if (i + 4 <= bytes.length) bytes.writeUInt32LE(word, i); return bytes; }),
  // one value of a JSON text becomes another
  fc.tuple(fc.nat(), hostileJson).map(([which, value]): Mutation => (bytes) => {
    const text = bytes.toString('latin1');
    const values = [...text.matchAll(/(?<=[:[,])("(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?|null|true|false)/g)];
    const chosen = values[which % Math.max(values.length, 1)];
    return chosen ? Buffer.from(text.slice(0, chosen.index) + value + text.slice(chosen.index + chosen[0].length), 'latin1') : bytes;
  }),
);
const mutations = fc.array(mutation, { minLength: 1, maxLength: 4 });
const apply = (original: Buffer, list: readonly Mutation[]): Buffer => list.reduce((bytes, change) => change(Buffer.from(bytes)), original);

const time = { seconds: 1_700_000_000, nanos: 123_456_789 };
const node: Node = {
  name: 'a\xff"b', type: 'file', mode: 0o644, mtime: time, atime: time, ctime: time, uid: 1000, gid: 1000, user: 'u', group: 'g', inode: 12, deviceId: 3, size: 77, links: 2,
  linkTarget: '', xattrs: [{ name: 'user.x', value: Buffer.from([1, 2]) }], genericAttributes: '{"a":1}', device: 0, content: [id('a'), id('b')], subtree: null,
};
const blobs: PackedBlob[] = [
  { id: id('a'), type: 'data', offset: 0, length: 100, uncompressedLength: 300 }, { id: id('b'), type: 'tree', offset: 100, length: 50, uncompressedLength: 0 },
];
const pack = ((): Buffer => {
  const sealed = [randomBytes(100), sealer.seal(Buffer.alloc(18))];
  const header = sealer.seal(encodeHeader(blobs));
  const length = Buffer.alloc(4);
  length.writeUInt32LE(header.length);
  return Buffer.concat([...sealed, header, length]);
})();
const natural = (...values: number[]): void => { for (const value of values) expect(Number.isSafeInteger(value) && value >= 0).toBe(true); };
const hex = (...values: string[]): void => { for (const value of values) expect(value).toMatch(/^[0-9a-f]{64}$/); };

describe('repository bytes', () => {
  const parsers: [string, () => Promise<Buffer> | Buffer, (bytes: Buffer) => unknown][] = [
    ['config', () => encodeConfig(newConfig(2)), (b) => { const c = parseConfig(b); hex(c.id); expect([1, 2]).toContain(c.version); expect(c.polynomial > 0n).toBe(true); return c; }],
    ['key', () => makeKeyFile(keys, 'pw', { user: 'u' }, kernel), (b) => { const k = parseKeyFile(b, 'key'); expect(128 * k.N * k.r).toBeLessThanOrEqual(2 ** 28); expect(k.N * k.r * k.p).toBeLessThanOrEqual(2 ** 24); return k; }],
    ['index of version 2', () => encodeIndex([{ id: id('p'), blobs }, { id: id('q'), blobs: [] }]), (b) => { const packs = parseIndex(b, 'index'); for (const p of packs) { hex(p.id); for (const x of p.blobs) { hex(x.id); natural(x.offset, x.length, x.uncompressedLength); } } return packs; }],
    ['index, entries side by side', () => encodeIndex([{ id: id('p'), blobs }]), (b) => {
      const sideBySide = readIndex(b, 'index');
      const listed = parseIndex(b, 'index');
      expect(sideBySide.packs).toEqual(listed.map((p) => p.id));
      expect(sideBySide.count).toBe(listed.reduce((sum, p) => sum + p.blobs.length, 0));
      expect([...sideBySide.offset.subarray(0, sideBySide.count)]).toEqual(listed.flatMap((p) => p.blobs.map((x) => x.offset + 0)));
      return sideBySide;
    }],
    ['index of version 1', () => Buffer.from(`{"supersedes":["${id('o')}"],"packs":[{"id":"${id('p')}","blobs":[{"id":"${id('a')}","type":"data","offset":0,"length":25}]},{"id":"${id('q')}","blobs":null}]}`), (b) => { const packs = parseIndex(b, 'index'); for (const p of packs) for (const x of p.blobs) natural(x.offset, x.length); return packs; }],
    ['pack header', () => encodeHeader(blobs), (b) => { const list = parseHeader(b, 150, 'pack'); expect(list.reduce((sum, x) => sum + x.length, 0)).toBe(150); return list; }],
    ['pack', () => pack, (b) => { expect(openHeader(b, sealer, id('p'))).toEqual(blobs); }],
    ['tree', () => encodeTree([node, { ...node, name: 'd', type: 'dir', content: null, subtree: id('t') }]), (b) => { const nodes = parseTree(b, 'tree'); for (const n of nodes) { expect(n.size).toBeGreaterThanOrEqual(0); hex(...n.content ?? [], ...(n.subtree === null ? [] : [n.subtree])); encodeTree([n]); } return nodes; }],
    ['snapshot', () => encodeSnapshot({ time: '2026-01-01T00:00:00.5+01:00', tree: id('t'), paths: ['/a', '/b'], hostname: 'h', username: 'u', uid: 5, tags: ['x'], parent: id('p'), program_version: 'p' }), (b) => { const s = parseSnapshot(b, id('s')); hex(s.tree); expect(Array.isArray(s.paths)).toBe(true); return s; }],
    ['lock', () => encodeLock({ time: 1_700_000_000_000, exclusive: true, hostname: 'h', username: 'u', pid: 7, uid: 1, gid: 1 }), (b) => { const l = parseLock(b, 'lock'); expect(Number.isFinite(l.time)).toBe(true); return l; }],
    ['sealed bytes', () => sealer.seal(Buffer.from('plain')), (b) => { expect(sealer.open(b, 'file').toString()).toBe('plain'); }],
    ['zstd frame', () => Buffer.from(new Zstd().compress(Buffer.alloc(5000, 'text '))), (b) => { const bound = frameBound(b); const out = new Zstd().decompress(b, 10_000, 'blob'); expect(bound).not.toBeNull(); expect(out.length).toBeLessThanOrEqual(10_000); return out; }],
  ];
  test.each(parsers)('%s', async (_name, make, parse) => {
    const original = await make();
    parse(Buffer.from(original));
    fc.assert(fc.property(mutations, (list) => { sentenceOr(() => parse(apply(original, list))); }), { numRuns: runs });
  });
  test('no part of a sealed pack can be changed unseen', () => {
    fc.assert(fc.property(fc.nat(pack.length * 8 - 1), (bit) => {
      if (bit >> 3 < 150) return; // the blobs have checksums of their own
      const bytes = Buffer.from(pack);
      bytes[bit >> 3] = (bytes[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      expect(sentenceOr(() => openHeader(bytes, sealer, id('p')))).toBeNull();
    }), { numRuns: runs });
  });
  test('what may come out of compressed bytes is bounded, and never less than what restic writes', () => {
    fc.assert(fc.property(fc.nat(2 ** 31 - 1), (size) => {
      expect(mostFrom(size)).toBeLessThanOrEqual(512 * 1024 * 1024);
      expect(mostFrom(size)).toBeGreaterThanOrEqual(64 * 1024 * 1024);
    }));
  });
});

describe('words', () => {
  const unit = fc.constantFrom(...'0123456789ymdhkKMGTBb%/.-+:@*?[]^!\\ \t\n\0é😀ſs3sftprehttplocalunited'.split(''), '://', '//', '..', '%2f', '%zz', '[::1]', ':65536', 'user:secret@', 'https://', 's3:', 'sftp:', 'rest:', '**', '[a-', '1y2m');
  const words = fc.oneof(fc.string({ unit, maxLength: 40 }), fc.string({ unit: 'binary', maxLength: 40 }), fc.constantFrom('9'.repeat(400), '1e999', '-0', '٣d'));
  const parsers: [string, (text: string) => unknown][] = [
    ['duration', (text) => { const d = parseDuration(text); natural(...[d.years, d.months, d.days, d.hours].map(Math.abs)); return d; }],
    ['size', (text) => { expect(parseSize(text)).toBeGreaterThanOrEqual(0); }],
    ['limit of what may stay unused', (text) => { expect(unusedLimit(text, 1000)).toBeGreaterThanOrEqual(0); }],
    ['subset', (text) => chooseSubset([{ id: id('p'), size: 10, blobs: [] }], text)],
    ['pattern', (text) => new PatternList([text]).match('/a/b.c')],
    ['address of S3', (text) => parseS3Url(`s3:${text}`)], ['address of SFTP', (text) => parseSftpUrl(`sftp:${text}`)], ['address of REST', (text) => parseRestUrl(`rest:${text}`)],
  ];
  test.each(parsers)('%s', (_name, parse) => {
    fc.assert(fc.property(words, (text) => { sentenceOr(() => parse(text)); }), { numRuns: runs });
  });
  test('an address that is refused is not repeated with its password', () => {
    for (const parse of [(text: string) => parseS3Url(`s3:${text}`), (text: string) => parseRestUrl(`rest:${text}`), (text: string) => parseSftpUrl(`sftp:${text}`)]) {
      fc.assert(fc.property(fc.string({ unit, maxLength: 12 }), fc.string({ unit, maxLength: 12 }), (before, after) => {
        try {
          parse(`${before}//user:topsecret@${after}`);
        } catch (error) {
          expect(error).toBeInstanceOf(HoldfastError);
          expect((error as HoldfastError).message).not.toContain('topsecret');
        }
      }), { numRuns: 300 });
    }
  });
});
