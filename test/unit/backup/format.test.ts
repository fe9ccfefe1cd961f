/** Parsers of repository bytes take anything without surprise, and writers are undone by readers. */
import { createCipheriv, createHash, createHmac, randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { HoldfastError } from '../../../main/shared/errors.js';
import { FileChunker, StreamChunker, maxChunk, minChunk } from '../../../main/backup/chunker/file-chunker.js';
import { frameBound, Zstd } from '../../../main/backup/compress/zstd.js';
import { PatternList } from '../../../main/backup/filter/pattern.js';
import { parseConfig } from '../../../main/backup/format/config.js';
import { Sealer } from '../../../main/backup/format/crypto.js';
import { encodeIndex, parseIndex, readIndex } from '../../../main/backup/format/index-file.js';
import { parseKeyFile } from '../../../main/backup/format/key.js';
import { parseLock } from '../../../main/backup/format/lock-file.js';
import { openSsl } from '../../../main/backup/format/openssl.js';
import { portablePrimitives } from '../../../main/backup/format/primitives.js';
import type { Node } from '../../../main/backup/format/node.js';
import { encodeHeader, parseHeader, type PackedBlob } from '../../../main/backup/format/pack-header.js';
import { isIrreducible, randomPolynomial } from '../../../main/backup/format/polynomial.js';
import { parseSnapshot } from '../../../main/backup/format/snapshot.js';
import { fromText, isValidUtf8, jsonString, quote, toText, unquote } from '../../../main/backup/format/text.js';
import { formatTime, parseTime } from '../../../main/backup/format/time.js';
import { parseTree } from '../../../main/backup/format/tree.js';
import { BlobIndex } from '../../../main/backup/index/blob-index.js';
import { KnownBlobs } from '../../../main/backup/index/known-blobs.js';
import { applyPolicy, isoWeek, parseDuration } from '../../../main/backup/retention/policy.js';
import { Kernel } from '../../../main/backup/wasm/kernel.js';
import { encodeTree } from '../../helpers/tree.js';

const kernel = new Kernel();
const keys = { encrypt: randomBytes(32), macK: randomBytes(16), macR: randomBytes(16) };
const byteString = fc.uint8Array({ maxLength: 60 }).map((bytes) => Buffer.from(bytes).toString('latin1'));
const id = fc.uint8Array({ minLength: 32, maxLength: 32 }).map((bytes) => Buffer.from(bytes).toString('hex'));

/** Whatever a parser does with garbage, it throws nothing but a sentence. */
function onlySentences(work: () => unknown): void {
  try {
    work();
  } catch (error) {
    expect(error).toBeInstanceOf(HoldfastError);
    expect((error as HoldfastError).message).not.toMatch(/\n/);
  }
}

describe('text', () => {
  test('quote is undone by unquote for all bytes', () => {
    fc.assert(fc.property(byteString, (text) => { expect(unquote(quote(text))).toBe(text); }));
  });
  test('what is written as JSON reads as the same text', () => {
    fc.assert(fc.property(byteString, (text) => {
      if (isValidUtf8(text)) expect(fromText(JSON.parse(toText(jsonString(text))))).toBe(text);
    }));
  });
  test('validity of UTF-8 agrees with the platform', () => {
    const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
    fc.assert(fc.property(byteString, (text) => {
      let valid = true;
      try { decoder.decode(Buffer.from(text, 'latin1')); } catch { valid = false; }
      expect(isValidUtf8(text)).toBe(valid);
    }), { numRuns: 1000 });
  });
  test('Go\'s quoting', () => {
    expect(quote(fromText('a"b\\c\n\x01\x7f\u00a0\u200b\u2028é日😀\ue000'))).toBe(fromText('a\\"b\\\\c\\n\\x01\\x7f\\u00a0\\u200b\\u2028é日😀\\ue000'));
    expect(quote('\xff\xc3')).toBe('\\xff\\xc3');
    expect(jsonString(fromText('<a&b>\u2028\x7f\b'))).toBe('"\\u003ca\\u0026b\\u003e\\u2028\x7f\\u0008"');
  });
});

test('times are written as they are read', () => {
  fc.assert(fc.property(fc.integer({ min: -62_000_000_000, max: 253_000_000_000 }), fc.integer({ min: 0, max: 999_999_999 }), (seconds, nanos) => {
    const time = { seconds, nanos };
    const back = parseTime(formatTime(time));
    // zones of long ago are off by seconds, which RFC 3339 cannot say
    if (seconds > 0) expect(back).toEqual(time);
    else expect(Math.abs((back?.seconds ?? 0) - seconds)).toBeLessThan(60);
  }));
  expect(parseTime('2026-13')).toBeNull();
});

describe('parsers take anything', () => {
  const anything = fc.oneof(fc.uint8Array({ maxLength: 400 }), fc.json().map((text) => Buffer.from(text)));
  const parsers: [string, (bytes: Uint8Array) => unknown][] = [
    ['config', parseConfig], ['index', (b) => parseIndex(b, 'index')], ['key', (b) => parseKeyFile(b, 'key')], ['lock', (b) => parseLock(b, 'lock')],
    ['snapshot', (b) => parseSnapshot(b, 'a'.repeat(64))], ['tree', (b) => parseTree(b, 'tree')], ['header', (b) => parseHeader(b, 1000, 'pack')],
    ['sealed', (b) => new Sealer(keys, kernel).open(b, 'file')], ['zstd', (b) => new Zstd().decompress(b, 1 << 20, 'blob')], ['frame', frameBound],
  ];
  test.each(parsers)('%s', (_name, parse) => {
    fc.assert(fc.property(anything, (bytes) => { onlySentences(() => parse(bytes)); }), { numRuns: 400 });
  });
  test('near misses of a real tree, index and snapshot', () => {
    const real: [string, (bytes: Uint8Array) => unknown][] = [
      ['{"nodes":[{"name":"a","type":"file","mode":420,"mtime":"2026-01-01T00:00:00Z","atime":"2026-01-01T00:00:00Z","ctime":"2026-01-01T00:00:00Z","uid":0,"gid":0,"inode":1,"size":1,"content":["' + 'a'.repeat(64) + '"]}]}', (b) => parseTree(b, 'tree')],
      ['{"packs":[{"id":"' + 'b'.repeat(64) + '","blobs":[{"id":"' + 'c'.repeat(64) + '","type":"data","offset":0,"length":40,"uncompressed_length":9}]}]}', (b) => parseIndex(b, 'index')],
      ['{"time":"2026-01-01T00:00:00Z","tree":"' + 'd'.repeat(64) + '","paths":["/a"],"hostname":"h","summary":{"files_new":1}}', (b) => parseSnapshot(b, 'a'.repeat(64))],
    ];
    for (const [text, parse] of real) {
      parse(Buffer.from(text));
      fc.assert(fc.property(fc.nat(text.length - 1), fc.nat(255), (at, byte) => {
        const bytes = Buffer.from(text);
        bytes[at] = byte;
        onlySentences(() => parse(bytes));
      }), { numRuns: 500 });
    }
  });
});

describe('what is written is read', () => {
  const blob = fc.record({ id, type: fc.constantFrom<'data' | 'tree'>('data', 'tree'), length: fc.integer({ min: 33, max: 1 << 24 }), uncompressedLength: fc.integer({ min: 0, max: 1 << 24 }) });
  const blobs = fc.array(blob, { maxLength: 30 }).map((list) => {
    let offset = 0;
    return list.map((b): PackedBlob => {
      const placed = { ...b, offset };
      offset += b.length;
      return placed;
    });
  });
  test('pack header', () => {
    fc.assert(fc.property(blobs, (list) => {
      const end = list.reduce((sum, b) => sum + b.length, 0);
      expect(parseHeader(encodeHeader(list), end, 'pack')).toEqual(list);
    }));
  });
  test('index file and index', () => {
    fc.assert(fc.property(fc.uniqueArray(id, { maxLength: 5 }), blobs, (packs, list) => {
      const written = packs.map((pack) => ({ id: pack, blobs: list }));
      const read = parseIndex(encodeIndex(written), 'index');
      expect(read).toEqual(written);
      const older = encodeIndex(written).toString().replace('{', `{"supersedes":["${'e'.repeat(64)}","${'f'.repeat(64)}"],`);
      for (const text of [encodeIndex(written), Buffer.from(older), Buffer.from(JSON.stringify(JSON.parse(older), null, 1))]) {
        const entries = readIndex(text, 'index');
        expect(entries.packs).toEqual(packs);
        const listed = Array.from({ length: entries.count }, (_, at) => ({
          pack: entries.packs[entries.pack[at] ?? -1], id: entries.ids.toString('hex', at * 32, at * 32 + 32), type: entries.types[at] === 1 ? 'tree' : 'data',
          offset: entries.offset[at], length: entries.length[at], uncompressedLength: entries.uncompressed[at],
        }));
        expect(listed).toEqual(written.flatMap((pack) => pack.blobs.map((blob) => ({ pack: pack.id, ...blob }))));
      }
      const index = new BlobIndex();
      index.addEntries(readIndex(encodeIndex(written), 'index'));
      for (const pack of [...read, ...read]) index.addPack(pack);
      for (const b of list) expect(index.findAll(b.type, b.id).map((place) => place.pack)).toEqual(expect.arrayContaining(packs));
    }));
  });
  test('node', () => {
    const time = fc.record({ seconds: fc.integer({ min: 1, max: 4_000_000_000 }), nanos: fc.integer({ min: 0, max: 999_999_999 }) });
    const node = fc.record<Node>({
      name: byteString, type: fc.constantFrom('file', 'dir', 'symlink', 'fifo'), mode: fc.nat(), mtime: time, atime: time, ctime: time, uid: fc.nat(), gid: fc.nat(),
      user: fc.string().map(fromText).filter(isValidUtf8), group: fc.constant(''), inode: fc.nat(), deviceId: fc.nat(), size: fc.nat(), links: fc.nat(), linkTarget: byteString,
      xattrs: fc.array(fc.record({ name: fc.string({ minLength: 1 }).map(fromText).filter(isValidUtf8), value: fc.uint8Array({ maxLength: 20 }).map((b) => Buffer.from(b)) }), { maxLength: 3 }),
      device: fc.nat(), content: fc.option(fc.array(id, { maxLength: 3 })), subtree: fc.option(id),
    });
    fc.assert(fc.property(node, (n) => {
      expect(parseTree(encodeTree([n]), 'tree')).toEqual([n]);
      expect(parseTree(encodeTree([n, n]), 'tree')).toEqual([n, n]);
    }));
  });
  test('sealed bytes, and never after a bit has flipped', () => {
    const sealer = new Sealer(keys, kernel);
    fc.assert(fc.property(fc.uint8Array({ maxLength: 300 }), fc.nat(), (plain, where) => {
      const sealed = sealer.seal(plain);
      expect(sealer.open(sealed, 'it').equals(plain)).toBe(true);
      const at = where % (sealed.length * 8);
      sealed[at >> 3] = (sealed[at >> 3] ?? 0) ^ (1 << (at & 7));
      expect(sealer.tryOpen(sealed)).toBeNull();
    }));
  });
  test('compressed bytes; a bomb stays small', () => {
    const zstd = new Zstd();
    fc.assert(fc.property(fc.uint8Array({ minLength: 1, maxLength: 5000 }), (plain) => {
      expect(zstd.decompress(Buffer.from(zstd.compress(plain)), plain.length, 'it').equals(plain)).toBe(true);
    }));
    const bomb = Buffer.from(zstd.compress(Buffer.alloc(50_000_000)));
    expect(bomb.length).toBeLessThan(100_000);
    expect(() => zstd.decompress(bomb, 1_000_000, 'a blob')).toThrow(/more than it may/);
  });
});

describe('Poly1305', () => {
  const everywhere = portablePrimitives(kernel);
  const openssl = openSsl() ?? everywhere;
  test('this Node lends its OpenSSL', () => {
    expect(openSsl()).not.toBeNull();
  });
  for (const [by, { authenticate }] of [['WebAssembly', everywhere], ['OpenSSL', openssl]] as const) {
    test(`RFC 8439, 2.5.2, by ${by}`, () => {
      const key = Buffer.from('85d6be7857556d337f4452fe42d506a80103808afb0db2fd4abff6af4149f51b', 'hex');
      expect(Buffer.from(authenticate(key, Buffer.from('Cryptographic Forum Research Group'))).toString('hex')).toBe('a8061dc1305136c6c22b8baf0c0127a9');
    });
    test(`agrees with arithmetic on big integers, by ${by}`, () => {
      const p = (1n << 130n) - 5n;
      const number = (bytes: Uint8Array): bigint => BigInt(`0x${Buffer.from(bytes).reverse().toString('hex') || '0'}`);
      fc.assert(fc.property(fc.uint8Array({ minLength: 32, maxLength: 32 }), fc.uint8Array({ maxLength: 200 }), fc.boolean(), (key, message, extreme) => {
        if (extreme) message.fill(255);
        const r = number(key.subarray(0, 16)) & 0x0ffffffc0ffffffc0ffffffc0fffffffn;
        let h = 0n;
        for (let at = 0; at < message.length; at += 16) {
          const block = message.subarray(at, at + 16);
          h = ((h + number(block) + (1n << BigInt(block.length * 8))) * r) % p;
        }
        const tag = (h + number(key.subarray(16))) & ((1n << 128n) - 1n);
        expect(number(authenticate(key, message))).toBe(tag);
      }), { numRuns: 300 });
    });
  }
  test('both ways of sealing give the same bytes, of long messages too', () => {
    fc.assert(fc.property(fc.oneof(fc.nat(300), fc.nat(200_000)), (length) => {
      const [key, iv, message] = [randomBytes(32), randomBytes(16), randomBytes(length)];
      const [a, b] = [Buffer.alloc(length), Buffer.alloc(length)];
      openssl.transform(key, iv, message, a);
      everywhere.transform(key, iv, message, b);
      expect(a.equals(b)).toBe(true);
      expect(Buffer.from(openssl.authenticate(key, message)).equals(Buffer.from(everywhere.authenticate(key, message)))).toBe(true);
    }), { numRuns: 60 });
    expect(() => { openssl.transform(randomBytes(32), randomBytes(16), Buffer.alloc(10), Buffer.alloc(9)); }).toThrow(/room/);
  });
});

describe('chunker', () => {
  /** The chunker as its description reads: one window, one byte at a time. */
  function slowly(data: Buffer, polynomial: bigint): number[] {
    const degree = polynomial.toString(2).length - 1;
    const shift = BigInt(degree - 8);
    const mod = (x: bigint): bigint => {
      for (let d = x.toString(2).length - 1; d >= degree && x !== 0n; d = x.toString(2).length - 1) x ^= polynomial << BigInt(d - degree);
      return x;
    };
    const outTable = Array.from({ length: 256 }, (_, b) => { let h = mod(BigInt(b)); for (let i = 0; i < 63; i++) h = mod(h << 8n); return h; });
    const modTable = Array.from({ length: 256 }, (_, b) => mod(BigInt(b) << BigInt(degree)) | (BigInt(b) << BigInt(degree)));
    const lengths: number[] = [];
    for (let start = 0; start < data.length;) {
      const window = Buffer.alloc(64);
      let digest = 1n;
      window[0] = 1;
      let position = 1;
      let at = start + minChunk - 64;
      for (; at < data.length && at - start < maxChunk; at++) {
        const b = data[at] ?? 0;
        digest ^= outTable[window[position] ?? 0] ?? 0n;
        window[position] = b;
        position = (position + 1) % 64;
        digest = ((digest << 8n) | BigInt(b)) ^ (modTable[Number(digest >> shift)] ?? 0n);
        if (at - start + 1 >= minChunk && (digest & 0xfffffn) === 0n) { at++; break; }
      }
      const end = Math.min(at, data.length, start + maxChunk);
      const length = Math.max(end - start, Math.min(minChunk - 64, data.length - start));
      lengths.push(length);
      start += length;
    }
    return lengths;
  }
  function noise(length: number, seed: string): Buffer {
    return createCipheriv('aes-128-ctr', createHash('md5').update(seed).digest(), Buffer.alloc(16)).update(Buffer.alloc(length));
  }
  function quickly(data: Buffer, polynomial: bigint): number[] {
    const lengths: number[] = [];
    let at = 0;
    new FileChunker(new Kernel(), polynomial).chunk((view) => { const n = data.copy(view, 0, at); at += n; return n; }, data.length, (chunk) => {
      expect(chunk.equals(data.subarray(lengths.reduce((a, b) => a + b, 0)).subarray(0, chunk.length))).toBe(true);
      lengths.push(chunk.length);
    });
    return lengths;
  }
  test.each([['noise', noise(3_000_000, 'a')], ['small', noise(1000, 'b')], ['smallest chunk', noise(minChunk, 'c')], ['zeros', Buffer.alloc(maxChunk + 600_000)]])('cuts %s as its description says', (_name, data) => {
    const polynomial = 0x3da3358b4dc173n;
    const lengths = quickly(data, polynomial);
    expect(lengths).toEqual(slowly(data, polynomial));
    const stream = new StreamChunker(new Kernel(), polynomial);
    const streamed: number[] = [];
    for (let at = 0; at < data.length; at += 333_333) for (const chunk of stream.push(data.subarray(at, at + 333_333))) streamed.push(chunk.length);
    const rest = stream.finish();
    if (rest) streamed.push(rest.length);
    expect(streamed).toEqual(lengths);
  });
  test('polynomials', () => {
    expect(isIrreducible(0x3da3358b4dc173n)).toBe(true);
    expect(isIrreducible(0x3da3358b4dc172n)).toBe(false);
    expect(isIrreducible(randomPolynomial())).toBe(true);
  });
});

test('known blobs grow and forget nothing', () => {
  const known = KnownBlobs.create(0);
  const name = (i: number): Buffer => createHmac('sha256', 'k').update(String(i)).digest();
  for (let i = 0; i < 20_000; i++) expect(known.add(name(i))).toBe(true);
  const other = KnownBlobs.attach(known.shared);
  for (let i = 0; i < 20_000; i++) expect(other.add(name(i))).toBe(false);
  expect(other.has(name(20_001))).toBe(false);
  expect(other.size).toBe(20_000);
});

describe('patterns and policies', () => {
  test.each<[string, string, boolean]>([
    ['*.c', '/a/b.c', true], ['/a', '/a/b', true], ['/a', '/x/a', false], ['a/*/c', '/x/a/b/c/d', true], ['**/c', '/c', true], ['a/**/c', '/a/c', true],
    ['a?c', '/abc', true], ['a?c', '/a/c', false], ['[!a]', '/!', true], ['foo/', '/x/foo', true], ['/a/**', '/a', true], ['b.c', '/a/bxc', false],
  ])('%s and %s: %s', (pattern, path, expected) => {
    expect(new PatternList([pattern]).match(path) !== null).toBe(expected);
  });
  test('any pattern is compiled or refused, and never hangs', () => {
    fc.assert(fc.property(fc.string({ unit: fc.constantFrom('*', '?', '[', ']', '-', '^', '\\', '/', 'a', '!', '**/') }), (text) => {
      onlySentences(() => new PatternList([text]).match('/aaa/aaa/aaa'));
    }), { numRuns: 500 });
  });
  test('ISO weeks and durations', () => {
    expect(isoWeek({ year: 2026, month: 1, day: 1 })).toBe(202601);
    expect(isoWeek({ year: 2027, month: 1, day: 1 })).toBe(202653);
    expect(parseDuration('1y5m7d2h')).toEqual({ years: 1, months: 5, days: 7, hours: 2 });
    expect(() => parseDuration('5x')).toThrow(HoldfastError);
  });
  test('a policy keeps the newest of each day, and something is kept or removed exactly once', () => {
    const list = Array.from({ length: 40 }, (_, i) => ({
      id: String(i).padStart(64, '0'), short_id: '', time: new Date(Date.UTC(2026, 0, 1, i * 9)).toISOString(), tree: '0'.repeat(64), paths: ['/'], hostname: 'h',
    }));
    const { keep, remove } = applyPolicy(list, { daily: 3 }, Date.UTC(2027, 0));
    expect(keep.map(({ snapshot }) => snapshot.time)).toEqual(['2026-01-15T15:00:00.000Z', '2026-01-14T21:00:00.000Z', '2026-01-13T18:00:00.000Z']);
    expect(keep.length + remove.length).toBe(40);
  });
});
