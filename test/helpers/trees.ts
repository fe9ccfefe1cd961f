/** Makes folders of all kinds of files, and compares folders exactly. */
import { createHash } from 'node:crypto';
import {
  chmodSync, lchownSync, linkSync, lstatSync, lutimesSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, readlinkSync, rmSync, symlinkSync, writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execFileSync } from 'node:child_process';
import { Files } from '../../main/backup/posix/files.js';

export function temporaryFolder(): { path: string; remove: () => void } {
  const path = mkdtempSync(join(tmpdir(), 'holdfast-test-'));
  return { path, remove: () => { rmSync(path, { recursive: true, force: true }); } };
}

/** The same bytes for the same seed, cheaply. `entropy` 0 is all text, 1 all noise. */
export function bytes(length: number, seed: number, entropy = 0.5): Buffer {
  const out = Buffer.allocUnsafe(length);
  let x = (seed * 2654435761) >>> 0 || 1;
  for (let i = 0; i < length; i++) {
    x ^= x << 13; x >>>= 0;
    x ^= x >>> 17;
    x ^= x << 5; x >>>= 0;
    out[i] = (x & 0xff) < entropy * 256 ? x >>> 8 : 97 + ((i >> 3) % 26);
  }
  return out;
}

export const isRoot = process.geteuid?.() === 0;

/** A folder with every odd thing that a backup may meet. */
export function makeZoo(root: string): void {
  const at = (...parts: string[]): string => join(root, ...parts);
  mkdirSync(at('empty folder'), { recursive: true });
  mkdirSync(at('deep/er/and/deeper'), { recursive: true });
  writeFileSync(at('empty'), '');
  writeFileSync(at('one byte'), 'x');
  writeFileSync(at('deep/er/and/deeper/file'), 'bottom\n');
  writeFileSync(at('a & b <c>.txt'), 'html');
  writeFileSync(at('quote".txt'), 'q');
  writeFileSync(at("apostrophe'.txt"), 'a');
  writeFileSync(at('back\\slash'), 'b');
  writeFileSync(at('new\nline\ttab\x01\x7f'), 'control');
  writeFileSync(at('Zürich – ünïcode 日本語 😀'), 'unicode');
  writeFileSync(at('e\u0301 combining'), 'nfd');
  writeFileSync(at('line\u2028separator nbsp\u00a0 zero\u200bwidth soft\u00adhyphen'), 'invisible');
  writeFileSync(at('private\ue000 and unassigned\u0378'), 'unprintable');
  writeFileSync(Buffer.concat([Buffer.from(at('invalid-')), Buffer.from([0xff, 0xfe, 0x41, 0xc3])]), 'not UTF-8');
  writeFileSync(at('big'), bytes(3_500_000, 7, 0.3));
  writeFileSync(at('noise'), bytes(700_000, 8, 1));
  writeFileSync(at('zeros'), Buffer.alloc(9_000_000));
  writeFileSync(at('exactly 512 KiB'), bytes(512 * 1024, 9));
  writeFileSync(at('mode'), 'm');
  chmodSync(at('mode'), 0o4751);
  mkdirSync(at('sticky'));
  chmodSync(at('sticky'), 0o3777);
  writeFileSync(at('unwritable'), 'u');
  chmodSync(at('unwritable'), 0o444);
  symlinkSync('empty', at('link'));
  symlinkSync('/nowhere/at all/<&>', at('dangling'));
  symlinkSync('.', at('loop'));
  writeFileSync(at('hard 1'), 'two names');
  linkSync(at('hard 1'), at('hard 2'));
  execFileSync('mkfifo', [at('fifo')]);
  new Files().setTimes(at('one byte'), { seconds: 1_000_000_000, nanos: 123_456_789 }, { seconds: 1_111_111_111, nanos: 100_000_000 });
  new Files().setTimes(at('mode'), { seconds: -86400 * 400, nanos: 5 }, { seconds: -1, nanos: 999_999_999 });
  lutimesSync(at('link'), 1e9, 1e9);
  new Files().setXattrs(at('empty'), [{ name: 'user.holdfast', value: Buffer.from([0, 1, 255]) }, { name: 'user.empty', value: Buffer.alloc(0) }], false);
  if (isRoot) {
    execFileSync('mknod', [at('block'), 'b', '7', '200']);
    execFileSync('mknod', [at('char'), 'c', '1', '3']);
    writeFileSync(at('owned'), 'o');
    lchownSync(at('owned'), 1, 12345);
  }
}

export interface Description {
  type: string; mode: number; owner: string; mtime: string; content: string; links: number;
}

/** Everything about a folder that a restore must bring back, by path. */
export function describe(root: string, options: { owners?: boolean } = {}): Record<string, Description> {
  const found: Record<string, Description> = {};
  const files = new Files();
  const visit = (path: string, name: string): void => {
    const stat = files.lstat(path);
    const raw = Buffer.from(path, 'latin1');
    const s = lstatSync(raw);
    const content = s.isFile() ? createHash('sha256').update(readFileSync(raw)).digest('hex')
      : s.isSymbolicLink() ? readlinkSync(raw, 'latin1') : s.isBlockDevice() || s.isCharacterDevice() ? String(stat.rdev) : '';
    found[name] = {
      type: String(stat.mode & 0o170000), mode: s.isSymbolicLink() ? 0 : stat.mode & 0o7777, owner: options.owners === false ? '' : `${stat.uid}:${stat.gid}`,
      mtime: `${stat.mtime.seconds}.${stat.mtime.nanos}`,
      content: content + files.xattrs(path).map((x) => `;${x.name}=${x.value.toString('hex')}`).sort().join(''),
      links: s.isFile() ? stat.nlink : 0,
    };
    if (s.isDirectory()) for (const entry of readdirSync(raw, { encoding: 'latin1' })) visit(`${path}/${entry}`, `${name}/${entry}`);
  };
  visit(Buffer.from(root).toString('latin1'), '');
  return found;
}
