/** A drill of files: what is right is proven, what is not is told, and nothing is left behind. */
import { chmodSync, existsSync, linkSync, mkdirSync, readdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { drillBench, fullScratch, type DrillBench } from '../../helpers/drill.js';
import { tempFolder } from '../../helpers/temp.js';

interface Place extends DrillBench { readonly files: string; readonly scratchPlace: string; readonly snapshot: string }

async function someFiles(count = 60): Promise<Place> {
  const folder = tempFolder();
  const files = path.join(folder, 'files');
  const scratchPlace = path.join(folder, 'scratch');
  mkdirSync(path.join(files, 'deep [er]', 'st*r?'), { recursive: true });
  for (let number = 0; number < count; number += 1) {
    const at = path.join(files, number % 2 === 0 ? 'deep [er]/st*r?' : '.', `file ${number} \\ ü`);
    writeFileSync(at, `content of ${number}\n`.repeat(number * 40));
    chmodSync(at, number % 3 === 0 ? 0o600 : 0o644);
    utimesSync(at, 1_700_000_000 + number, 1_600_000_000 + number * 1000);
  }
  linkSync(path.join(files, 'file 1 \\ ü'), path.join(files, 'second name'));
  const bench = await drillBench(folder, [scratchPlace]);
  return { ...bench, files, scratchPlace, snapshot: await bench.backUp([files]) };
}

/** Overwrites bytes in the middle of every pack of a size, as a failing disk does. */
function damageLargestPack(repository: string): void {
  const packs = readdirSync(path.join(repository, 'data'), { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile()).map((entry) => path.join(entry.parentPath, entry.name));
  const largest = packs.sort((a, b) => readFileSync(b).length - readFileSync(a).length)[0] ?? '';
  const content = readFileSync(largest);
  content.fill(0x55, 0, Math.floor(content.length / 2));
  chmodSync(largest, 0o600);
  writeFileSync(largest, content);
}

describe('a restore drill of files', () => {
  test('proves a random sample and leaves nothing behind', async () => {
    const place = await someFiles();
    const finding = await place.drill(place.snapshot);
    expect(finding).toMatchObject({ outcome: 'proven', files: 20, reason: null, databases: [] });
    expect(finding.bytes).toBeGreaterThan(0);
    expect(readdirSync(place.scratchPlace)).toEqual([]);
    expect(place.register.read().folders).toEqual([]);
  });

  test('stays within its limits and takes other files each time', async () => {
    const place = await someFiles();
    const taken = new Set<string>();
    for (let round = 0; round < 3; round += 1) {
      const reader = { ...place.reader, restore: (...[access, order]: Parameters<typeof place.reader.restore>) => { taken.add((order.include ?? []).join('\n')); return place.reader.restore(access, order); } };
      const finding = await place.drill(place.snapshot, { reader, limits: { files: 5, bytes: 60_000 } });
      expect(finding.outcome).toBe('proven');
      expect(finding.files).toBeLessThanOrEqual(5);
      expect(finding.bytes).toBeLessThanOrEqual(60_000);
    }
    expect(taken.size).toBeGreaterThan(1);
  });

  test('damage in the repository is found', async () => {
    const place = await someFiles();
    damageLargestPack(place.access.url);
    const finding = await place.drill(place.snapshot);
    expect(finding.outcome).toBe('failed');
    expect(finding.reason).toMatch(/\.$/);
    expect(readdirSync(place.scratchPlace)).toEqual([]);
  });

  test('a file that comes back with other permissions is found', async () => {
    const place = await someFiles(6);
    const reader = { ...place.reader, restore: async (...[access, order]: Parameters<typeof place.reader.restore>) => {
      const restored = await place.reader.restore(access, order);
      for (const entry of readdirSync(order.target, { recursive: true, withFileTypes: true })) if (entry.isFile()) chmodSync(path.join(entry.parentPath, entry.name), 0o777);
      return restored;
    } };
    const finding = await place.drill(place.snapshot, { reader });
    expect(finding.outcome).toBe('failed');
    expect(finding.reason).toMatch(/came back with other permissions\.$/);
  });

  test('without room anywhere it is not done, in one sentence, which says nothing about the backup', async () => {
    const place = await someFiles(4);
    const finding = await place.drill(place.snapshot, { scratch: fullScratch(place.scratchPlace) });
    expect(finding.outcome).toBe('not-done');
    expect(finding.reason).toMatch(/^The drill needs .* of free space for a moment/);
  });

  test('a snapshot without files is not called proven', async () => {
    const folder = tempFolder();
    const empty = path.join(folder, 'empty');
    mkdirSync(empty);
    const bench = await drillBench(folder, [path.join(folder, 'scratch')]);
    expect(await bench.drill(await bench.backUp([empty]))).toMatchObject({ outcome: 'partly', files: 0, reason: 'There is no file in the newest snapshot.' });
  });

  test('what a killed agent left is removed at the next start, and nothing else', async () => {
    const place = await someFiles(2);
    const left = await place.scratch.make({ bytes: 1 });
    mkdirSync(path.join(left, 'locked'), { mode: 0o500 });
    const other = path.join(place.scratchPlace, 'somebody-elses');
    mkdirSync(other, { recursive: true });
    await place.register.write({ folders: [...place.register.read().folders, other] });
    await place.scratch.removeLeftovers();
    expect(existsSync(left)).toBe(false);
    expect(existsSync(other)).toBe(true);
    expect(place.register.read().folders).toEqual([]);
  });
});
