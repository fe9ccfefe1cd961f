/** Whole backups on a computer whose clock is hours wrong, to each kind of destination: each succeeds, and the next one, with the right time, goes on. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createEngine, type RepositoryAccess } from '../../../main/backup/index.js';
import { removeTree, tempFolder } from '../../helpers/temp.js';
import { bytes } from '../../helpers/trees.js';
import { attempt, packsIn, remoteKinds, startDestination, type Destination, type Kind } from './destinations.js';

const folder = tempFolder({ keep: true });
const source = join(folder, 'source');
const engine = createEngine();
const seen: string[] = [];
beforeAll(() => {
  mkdirSync(source);
  for (let i = 0; i < 8; i++) writeFileSync(join(source, `file ${i}`), bytes(1_000_000, i + 1, 1));
});
afterAll(async () => {
  await engine.close();
  await removeTree(folder);
  console.log(['', ...seen].join('\n'));
});

/** A program whose clock is wrong from its start on. */
const program = `const wrong = Number(process.env.HOURS) * 3_600_000;
const Right = Date;
globalThis.Date = class extends Right {
  constructor(...given) { if (given.length > 0) super(...given); else super(Right.now() + wrong); }
  static now() { return Right.now() + wrong; }
};
const { backup } = await import(${JSON.stringify(new URL('../../../out/main/backup/index.js', import.meta.url).href)});
try {
  await backup({ repository: JSON.parse(process.env.REPOSITORY), paths: [process.env.SOURCE], packSize: 4 });
  console.log('done');
} catch (error) {
  console.log(error.message);
}`;

async function backupAt(hours: number, repository: RepositoryAccess): Promise<string> {
  const child = spawn(process.execPath, ['--input-type=module', '-e', program], { stdio: ['ignore', 'pipe', 'inherit'], env: { ...process.env, HOURS: String(hours), REPOSITORY: JSON.stringify(repository), SOURCE: source } });
  let said = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => { said += text; });
  await once(child, 'close');
  return said.trim();
}

describe.each<Kind>(['folder', ...remoteKinds])('%s and a wrong clock', (kind) => {
  let destination: Destination;
  beforeAll(async () => {
    const files = join(folder, kind.replace(' ', '-'));
    mkdirSync(files);
    destination = await startDestination(kind, files, join(folder, `${kind}-scratch`));
  }, 90_000);
  afterAll(() => destination?.stop());

  it.each([3, -3, 24 * 400])('%d hours: succeeds', async (hours) => {
    const name = `clock${String(hours).replace('-', 'minus')}`;
    const repository = { ...await destination.access(name), cacheFolder: join(folder, 'cache') };
    await engine.init({ repository });
    expect(await backupAt(hours, repository)).toBe('done');
    const there = await packsIn(repository);
    const after = await attempt(engine, repository, source);
    expect(after.error).toBeNull();
    expect(after.saved.filter((pack) => there.has(pack))).toEqual([]);
    expect(after.summary?.data_added).toBeLessThan(100_000);
    await destination.check(name);
    seen.push(`| ${kind} | clock ${hours} h wrong | succeeds | ${there.size} packs kept, ${after.saved.length} sent |`);
  });
});
