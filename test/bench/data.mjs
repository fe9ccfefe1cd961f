// The data that is backed up. Made once per run below a scratch folder; the same bytes every time.
import { createCipheriv } from 'node:crypto';
import { closeSync, mkdirSync, openSync, readFileSync, readdirSync, statSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';

const mebibyte = 1024 * 1024;

function stream(seed) {
  return createCipheriv('aes-128-ctr', Buffer.alloc(16, seed), Buffer.alloc(16));
}

/** A third noise, a third text, a third programs of this computer. */
function mixedFile(path, size) {
  const noise = stream('m');
  const text = Buffer.from(JSON.stringify({ name: 'holdfast', words: 'the quick brown fox jumps over the lazy dog'.split(' ') }));
  const program = readFileSync(process.execPath);
  const file = openSync(path, 'w');
  for (let done = 0, i = 0; done < size; done += mebibyte, i++) {
    const random = noise.update(Buffer.alloc(mebibyte));
    const piece = i % 3 === 0 ? random : i % 3 === 1 ? Buffer.alloc(mebibyte, text).map((byte, at) => (at % 61 === 0 ? random[at] : byte))
      : Buffer.from(program.subarray((i * 7919) % (program.length - mebibyte)).subarray(0, mebibyte));
    if (i % 3 === 2) random.copy(piece, 0, 0, 64);
    writeSync(file, piece);
  }
  closeSync(file);
}

/** Many small files, three levels deep, as a package manager leaves them. */
function packages(root, count) {
  const noise = stream('p');
  for (let i = 0; i < count; i++) {
    const folder = join(root, `package-${Math.floor(i / 100)}`, i % 3 === 0 ? 'lib' : 'dist');
    if (i % 100 < 3) mkdirSync(folder, { recursive: true });
    const size = 200 + ((i * 2654435761) % 6000);
    writeFileSync(join(folder, `module-${i}.js`), `// ${noise.update(Buffer.alloc(24)).toString('hex')}\n${'export const value = 1;\n'.repeat(size / 24)}`);
  }
}

/** Changes one file in a hundred. @returns how many */
export function changeSome(root) {
  let seen = 0;
  let changed = 0;
  for (const entry of readdirSync(root, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile() || seen++ % 100 !== 0) continue;
    const path = join(entry.parentPath, entry.name);
    if (statSync(path).size > 100 * mebibyte) {
      const file = openSync(path, 'r+');
      for (let at = 0; at < 40; at++) writeSync(file, Buffer.from(`changed ${Date.now()} ${at}`), 0, undefined, at * 100 * mebibyte + 12345);
      closeSync(file);
    } else writeFileSync(path, `changed ${Date.now()} ${seen}`, { flag: 'a' });
    changed++;
  }
  return changed;
}

/** @param scale 1 for the real thing, less for a quick look */
export function dataSets(scratch, scale) {
  return [
    { name: 'system', what: '/usr/lib', make: () => '/usr/lib', mayChange: false },
    { name: 'large', what: 'one file of mixed content', mayChange: true, make: () => { const f = join(scratch, 'large'); mkdirSync(f); mixedFile(join(f, 'image'), Math.round(4096 * scale) * mebibyte); return f; } },
    { name: 'small', what: 'small files', mayChange: true, make: () => { const f = join(scratch, 'small'); mkdirSync(f); packages(f, Math.round(100_000 * scale)); return f; } },
  ];
}
