/** What a thread sees of the files before the repository is open. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { ListingReader, ListingWriter } from '../../../main/backup/archiver/listing.js';
import { ByteWriter } from '../../../main/backup/format/byte-writer.js';
import { fromText } from '../../../main/backup/format/text.js';
import { Files } from '../../../main/backup/posix/files.js';
import { Survey } from '../../../main/backup/workers/survey.js';
import { Threads } from '../../../main/backup/workers/threads.js';
import { temporaryFolder } from '../../helpers/trees.js';

test('is every folder below, with what the walk itself would see, and each is told once', async () => {
  const folder = temporaryFolder();
  const threads = new Threads();
  onTestFinished(async () => {
    await threads.close();
    folder.remove();
  });
  const folders = ['', 'a', 'a/b', 'a/é \n', 'z'].map((name) => join(folder.path, name));
  for (const path of folders) {
    mkdirSync(path, { recursive: true });
    writeFileSync(join(path, 'file'), path);
  }
  threads.prepare(1);
  const survey = new Survey(threads, [folder.path, join(folder.path, 'not there')].map(fromText), false);
  const listings = new ListingWriter(new Files(), false);
  for (const path of folders) {
    const out = new ByteWriter();
    expect(listings.write(out, fromText(path))).toBe(true);
    expect((await survey.listing(fromText(path)))?.bytes.equals(out.bytes)).toBe(true);
  }
  expect(await survey.listing(fromText(join(folder.path, 'not there')))).toBeNull();
  expect(await survey.listing(fromText(folder.path))).toBeUndefined();
});

test('ends when its thread is needed for something else', async () => {
  const threads = new Threads();
  threads.prepare(1);
  const survey = new Survey(threads, [fromText('/usr')], false);
  const worker = threads.take();
  onTestFinished(async () => { await worker.terminate(); });
  expect(await survey.listing(fromText('/usr'))).not.toBeUndefined();
  await worker.terminate();
  expect(await survey.listing(fromText('/usr'))).toBeUndefined();
});

test('sizes above 4 GiB and names of any bytes come out as they went in', () => {
  const out = new ByteWriter(16);
  const stat = new Files().lstat(fromText('/'));
  const folder = temporaryFolder();
  onTestFinished(() => { folder.remove(); });
  for (const name of ['\u00ff\u0001', 'long'.repeat(50)]) writeFileSync(Buffer.concat([Buffer.from(`${folder.path}/`), Buffer.from(name, 'latin1')]), '');
  const size = 5 * 2 ** 32 + 7;
  new ListingWriter({ lstat: () => ({ ...stat, mode: 0o100644, size }), userName: () => 'u', groupName: () => 'g' }, false).write(out, fromText(folder.path));
  const names: string[] = [];
  for (const entry = new ListingReader(out.bytes); entry.step();) {
    expect(entry.size).toBe(size);
    expect(entry.bytes.toString('latin1', entry.head, entry.headEnd)).toContain(`"size":${size}`);
    names.push(entry.name);
  }
  expect(names).toEqual(['long'.repeat(50), '\u00ff\u0001']);
});

test('its thread can be ended at any moment: inside of a call of the C library that would be the end of the program', { timeout: 60_000 }, async () => {
  for (let after = 0; after < 120; after += 6) {
    const threads = new Threads();
    threads.prepare(2);
    new Survey(threads, [fromText('/usr')], false);
    await new Promise((resolve) => { setTimeout(resolve, after); });
    await threads.close();
  }
});
