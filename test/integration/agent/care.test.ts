/** Ransomware and what looks like it, on real files in a real repository. */
import { createCipheriv, randomBytes } from 'node:crypto';
import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { Care, emptyCare } from '../../../main/agent/care/care.js';
import { createLocalEngine } from '../../../main/backup/index.js';
import { openCare } from '../../../main/platform/care/care.js';
import { memoryDocument, someJob, someResult } from '../../helpers/agent-world.js';
import { makeKeyCheap } from '../../helpers/cheap-key.js';
import { tempFolder } from '../../helpers/temp.js';

const jpeg = (): Buffer => Buffer.concat([Buffer.from('ffd8ffe000104a464946', 'hex'), randomBytes(4000)]);
const prose = (number: number): string => `Chapter ${number}\n${'It was a bright day, and the clocks were striking. '.repeat(20 + (number % 30))}`;

/** A folder of 1,000 files as people have them, backed up three times with a few changes between. */
async function scene() {
  const folder = tempFolder();
  const files = path.join(folder, 'files');
  const repository = { url: path.join(folder, 'repo'), password: 'pw' };
  const engine = createLocalEngine();
  onTestFinished(() => engine.close());
  await engine.init({ repository });
  await makeKeyCheap(repository.url, repository.password);
  for (const [name, count] of [['letters', 600], ['photos', 300], ['numbers', 100]] as const) {
    mkdirSync(path.join(files, name), { recursive: true });
    for (let i = 0; i < count; i++) writeFileSync(path.join(files, name, name === 'photos' ? `p${i}.jpg` : name === 'letters' ? `l${i}.txt` : `n${i}.csv`), name === 'photos' ? jpeg() : prose(i));
  }
  const job = someJob();
  const { head } = await openCare({ careFile: path.join(folder, 'care.json') });
  const care = new Care({
    document: memoryDocument(emptyCare), head, jobs: () => [job], now: () => new Date().toISOString(), changed: () => undefined,
    engine: {
      upheaval: async (_, from, to, signal) => {
        const found = await engine.upheaval({ repository, from, to }, { signal });
        return { changed: found.files_changed, removed: found.files_removed, scrambled: found.files_scrambled, changedPaths: found.changed_paths };
      },
    },
  });
  let before: { snapshotId: string; treeId: string } | null = null;
  const backup = async (): Promise<string | null> => {
    const summary = await engine.backup({ repository, paths: [files] });
    const snapshotId = summary.snapshot_id ?? '';
    const alarm = await care.look(job, someResult({ snapshotId, treeId: summary.tree_id, filesUnmodified: summary.files_unmodified, filesChanged: summary.files_changed, filesNew: summary.files_new }), before, repository, new AbortController().signal);
    before = { snapshotId, treeId: summary.tree_id };
    return alarm?.reason ?? null;
  };
  for (let day = 0; day < 4; day++) {
    writeFileSync(path.join(files, 'letters', `l${day}.txt`), `${prose(day)}\nday ${day}`);
    expect(await backup()).toBeNull();
  }
  return { files, backup, accept: () => care.accept(job.id) };
}

const all = (folder: string): string[] => readdirSync(folder, { recursive: true, encoding: 'utf8' }).map((name) => path.join(folder, name)).filter((name) => statSync(name).isFile());

function encrypt(file: string): void {
  const cipher = createCipheriv('aes-256-ctr', randomBytes(32), randomBytes(16));
  writeFileSync(file, cipher.update(readFileSync(file)));
}

test('a folder in which nothing ever changed, and then everything does', async () => {
  const { backup, files } = await scene();
  for (let day = 0; day < 3; day++) expect(await backup()).toBeNull();
  for (const [i, file] of all(files).entries()) writeFileSync(file, file.endsWith('.jpg') ? jpeg() : prose(i + 5000));
  expect(await backup()).toMatch(/files have changed/);
});

test('files encrypted in place, all of them or a sixth, photos alone, or under a new name', async () => {
  const { accept, backup, files } = await scene();
  for (const file of all(path.join(files, 'letters')).slice(0, 170)) encrypt(file);
  expect(await backup()).toMatch(/^1[67]\d of 1,?000 files cannot be read any more/);
  await accept();
  for (const file of all(path.join(files, 'photos'))) encrypt(file);
  expect(await backup()).toMatch(/^300 of 1,?000 files cannot be read any more/);
  for (const file of [...all(path.join(files, 'letters')).slice(200), ...all(path.join(files, 'numbers'))]) {
    encrypt(file);
    renameSync(file, `${file}.locked`);
  }
  expect(await backup()).toMatch(/files cannot be read any more/);
});

test('no alarm for photos that are imported, folders that are moved, packages that are installed, a branch that is checked out, or edited photos', async () => {
  const { backup, files } = await scene();
  mkdirSync(path.join(files, 'photos', 'holiday'));
  for (let i = 0; i < 500; i++) writeFileSync(path.join(files, 'photos', 'holiday', `h${i}.jpg`), jpeg());
  expect(await backup()).toBeNull();
  renameSync(path.join(files, 'letters'), path.join(files, 'old letters'));
  expect(await backup()).toBeNull();
  const modules = path.join(files, 'node_modules');
  for (let i = 0; i < 400; i++) {
    mkdirSync(path.join(modules, `m${i}`), { recursive: true });
    writeFileSync(path.join(modules, `m${i}`, 'index.js'), `export const version = ${i};\n${prose(i)}`);
  }
  expect(await backup()).toBeNull();
  for (let i = 0; i < 400; i++) writeFileSync(path.join(modules, `m${i}`, 'index.js'), `export const version = '2.${i}';\n${prose(i + 7)}`);
  expect(await backup()).toBeNull();
  for (let i = 0; i < 60; i++) writeFileSync(path.join(files, 'photos', `p${i}.jpg`), jpeg());
  expect(await backup()).toBeNull();
  const git = (...args: string[]): void => { execFileSync('git', ['-c', 'user.name=a', '-c', 'user.email=a@example.org', ...args], { cwd: files, stdio: 'ignore' }); };
  git('init', '-q');
  git('add', '-A');
  git('commit', '-qm', 'one');
  expect(await backup()).toBeNull();
  git('checkout', '-qb', 'other');
  for (let i = 0; i < 300; i++) writeFileSync(path.join(files, 'old letters', `l${i}.txt`), prose(i + 1000));
  rmSync(path.join(files, 'numbers'), { recursive: true });
  git('commit', '-qam', 'two');
  expect(await backup()).toBeNull();
  git('checkout', '-q', '-');
  expect(await backup()).toBeNull();
});
