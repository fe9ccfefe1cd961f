import { appendFile, chmod, readdir, readFile, stat, truncate, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { openAppendLog } from '../../../main/platform/files/append-log.js';
import { writeFileAtomic } from '../../../main/platform/files/atomic.js';
import { openDocument } from '../../../main/platform/files/document.js';
import { tempFolder } from '../../helpers/temp.js';

describe('append log', () => {
  it('gives back what was appended, in order, also many at once', async () => {
    const file = path.join(tempFolder(), 'log');
    const log = await openAppendLog(file);
    expect(log.initial).toEqual([]);
    const lines = Array.from({ length: 500 }, (_, i) => `line ${i} – ü`);
    await Promise.all(lines.map((line, i) => log.append(line, { sync: i % 7 === 0 })));
    await log.close();
    const again = await openAppendLog(file);
    expect(again.initial).toEqual(lines);
    await again.close();
    expect((await stat(file)).mode & 0o777).toBe(0o600);
  });

  it('drops a torn tail, wherever it was torn, and goes on after it', async () => {
    const file = path.join(tempFolder(), 'log');
    const log = await openAppendLog(file);
    await log.append('first', { sync: true });
    const whole = (await stat(file)).size;
    await log.append('second, torn', { sync: true });
    await log.close();
    for (let size = (await stat(file)).size - 1; size >= whole; size -= 1) {
      await truncate(file, size);
      const torn = await openAppendLog(file);
      expect(torn.initial).toEqual(['first']);
      await torn.close();
    }
    const torn = await openAppendLog(file);
    await torn.append('third', { sync: true });
    await torn.close();
    const after = await openAppendLog(file);
    expect(after.initial).toEqual(['first', 'third']);
    await after.close();
  });

  it('drops a tail of zeros, as a power cut leaves it', async () => {
    const file = path.join(tempFolder(), 'log');
    const log = await openAppendLog(file);
    await log.append('first', { sync: true });
    await log.close();
    await appendFile(file, Buffer.alloc(4096));
    const again = await openAppendLog(file, { onDamage: () => expect.unreachable() });
    expect(again.initial).toEqual(['first']);
    await again.close();
  });

  it('leaves out a damaged line in the middle and keeps the damaged file', async () => {
    const folder = tempFolder();
    const file = path.join(folder, 'log');
    const log = await openAppendLog(file);
    for (const line of ['one', 'two', 'three']) await log.append(line, { sync: false });
    await log.close();
    const bytes = await readFile(file, 'utf8');
    await writeFile(file, bytes.replace('two', 'twO'));
    const told: string[] = [];
    const again = await openAppendLog(file, { onDamage: (message) => told.push(message) });
    expect(again.initial).toEqual(['one', 'three']);
    await again.append('four', { sync: true });
    await again.close();
    expect(told).toHaveLength(1);
    const copies = (await readdir(folder)).filter((name) => name.includes('damaged'));
    expect(copies).toHaveLength(1);
    const last = await openAppendLog(file, { onDamage: () => expect.unreachable() });
    expect(last.initial).toEqual(['one', 'three', 'four']);
    await last.close();
  });

  it('rewrites between appends in the order of the calls', async () => {
    const folder = tempFolder();
    const file = path.join(folder, 'log');
    const log = await openAppendLog(file);
    await Promise.all([
      log.append('old', { sync: false }),
      log.rewrite(['kept']),
      log.append('new', { sync: true }),
    ]);
    await log.close();
    const again = await openAppendLog(file);
    expect(again.initial).toEqual(['kept', 'new']);
    await again.close();
    expect(await readdir(folder)).toEqual(['log']);
  });

  it('refuses a line break and use after close', async () => {
    const log = await openAppendLog(path.join(tempFolder(), 'log'));
    await expect(log.append('a\nb', { sync: false })).rejects.toMatchObject({ code: 'internal' });
    await log.close();
    await expect(log.append('a', { sync: false })).rejects.toMatchObject({ code: 'internal' });
  });
});

describe('document', () => {
  const schema = z.object({ n: z.number() });
  const remedy = 'Move it away.';

  it('holds the initial value until one was written, then that', async () => {
    const file = path.join(tempFolder(), 'doc.json');
    const document = await openDocument({ file, schema, initial: { n: 1 }, remedy });
    expect(document.read()).toEqual({ n: 1 });
    await Promise.all([document.write({ n: 2 }), document.write({ n: document.read().n + 1 })]);
    expect((await openDocument({ file, schema, initial: { n: 1 }, remedy })).read()).toEqual({ n: 3 });
  });

  it.each([['{"n": ', 'is not JSON'], ['{"n": "x"}', 'does not hold what it should at "n"']])('leaves a damaged file alone: %s', async (content, why) => {
    const file = path.join(tempFolder(), 'doc.json');
    await writeFile(file, content);
    await expect(openDocument({ file, schema, initial: { n: 1 }, remedy })).rejects.toMatchObject({ code: 'settings-invalid', message: expect.stringContaining(why) });
    expect(await readFile(file, 'utf8')).toBe(content);
  });

  it('keeps the old value when it cannot be written', async () => {
    const document = await openDocument({ file: path.join(tempFolder(), 'missing', 'doc.json'), schema, initial: { n: 1 }, remedy });
    await expect(document.write({ n: 2 })).rejects.toMatchObject({ message: expect.stringContaining('Cannot write') });
    expect(document.read()).toEqual({ n: 1 });
  });
});

describe('atomic write', () => {
  it('replaces the content, sets the mode and leaves nothing else behind', async () => {
    const folder = tempFolder();
    const file = path.join(folder, 'f');
    await writeFile(file, 'old');
    await chmod(file, 0o644);
    await writeFileAtomic(file, 'new');
    expect(await readFile(file, 'utf8')).toBe('new');
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    expect(await readdir(folder)).toEqual(['f']);
  });
});
