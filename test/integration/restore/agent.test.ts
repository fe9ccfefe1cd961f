/** The agent's restores on a real repository: what lands where, what is left alone, what is found, and how it ends. */
import { lstatSync, mkdirSync, readFileSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import type { Job } from '../../../main/shared/model.js';
import { isRestoring, type FileRestore, type RestoreView } from '../../../main/shared/restores.js';
import { Restores } from '../../../main/agent/restore/restores.js';
import { Snapshots } from '../../../main/agent/restore/snapshots.js';
import { jobTag } from '../../../main/agent/runs/job-tag.js';
import { createEngine } from '../../../main/backup/thread/engine.js';
import { localHost } from '../../../main/backup/source/process/host.js';
import { busyCompilers } from '../../../main/platform/engine/compilers.js';
import { createAgentEngine } from '../../../main/platform/engine/engine.js';
import { systemClock } from '../../../main/platform/clock.js';
import { someJob } from '../../helpers/agent-world.js';
import { makeKeyCheap } from '../../helpers/cheap-key.js';
import { tempFolder } from '../../helpers/temp.js';
import { until } from '../../helpers/until.js';

const never = new AbortController().signal;
const logger = { log: () => undefined };

describe('restores', () => {
  let home = '';
  let job: Job = someJob();
  let restores: Restores;
  let snapshots: Snapshots;
  const text = (...parts: string[]): string => readFileSync(path.join(...parts), 'utf8');
  const order = (paths: string[], change: Partial<FileRestore> = {}): FileRestore => ({ jobId: job.id, snapshotId: 'latest', paths, place: { type: 'original' }, overwrite: 'keep-newer', ...change });
  const ended = (id: string): Promise<RestoreView> => until('the restore has ended', () => {
    const view = restores.view(id);
    return Promise.resolve(!isRestoring(view) && view.finishedAt !== null && view);
  });

  beforeAll(async () => {
    const folder = tempFolder({ keep: true });
    home = path.join(folder, 'home');
    mkdirSync(path.join(home, 'letters', 'old'), { recursive: true });
    for (const name of ['a.txt', 'b [1].txt', 'old/c.txt']) writeFileSync(path.join(home, 'letters', name), `first ${name}`);
    const engine = createAgentEngine({ compilers: busyCompilers, open: () => Promise.resolve(createEngine()), logger, cacheFolder: path.join(folder, 'cache'), sources: { env: process.env, password: () => Promise.resolve(null) } });
    const access = { url: path.join(folder, 'repository'), password: 'test' };
    await engine.prepare(access);
    await makeKeyCheap(access.url, access.password);
    job = someJob({ sources: [{ type: 'files', paths: [home], excludes: [] }], destination: { id: 'd', name: 'Disk', url: access.url } });
    const backUp = (tags: string[]): Promise<unknown> => engine.backup({ repository: access, sources: job.sources, host: 'laptop', tags, gentle: false }, () => undefined, never);
    await backUp([jobTag(job.id)]);
    writeFileSync(path.join(home, 'letters', 'a.txt'), 'second a.txt');
    await backUp([jobTag(job.id)]);
    await backUp([jobTag('another')]);
    const ports = { clock: systemClock, engine, reader: engine.reader, openRepository: () => Promise.resolve(access) };
    snapshots = new Snapshots(ports);
    let id = 0;
    restores = new Restores({ ...ports, logger, snapshots, host: localHost(process.env), newId: () => `r${(id += 1)}`, password: () => Promise.resolve(null), changed: () => undefined });
    return async () => {
      await restores.close();
      await engine.close();
      rmSync(folder, { recursive: true, force: true });
    };
  });

  test('the job\'s own snapshots are listed, folders come in pages, and a name is found with each of its versions once', async () => {
    const [newest, oldest] = await snapshots.list(job);
    expect((await snapshots.list(job)).length).toBe(2);
    const page = await snapshots.folder(job, 'latest', path.join(home, 'letters'), 0, never);
    expect(page).toMatchObject({ total: 3, entries: [{ name: 'old', type: 'dir' }, { name: 'a.txt', size: 12 }, { name: 'b [1].txt' }] });
    expect((await snapshots.folder(job, 'latest', path.join(home, 'letters'), 2, never)).entries).toHaveLength(1);
    await expect(snapshots.folder(job, 'latest', '/nowhere', 0, never)).rejects.toMatchObject({ code: 'not-found' });
    await expect(snapshots.get(job, 'ffffffff')).rejects.toMatchObject({ code: 'not-found' });
    const { found, more } = await snapshots.find(job, 'A.TX', null, never);
    expect(more).toBe(false);
    expect(found.map(({ snapshotId, size }) => [snapshotId, size])).toEqual([[newest?.id, 12], [oldest?.id, 11]]);
    expect((await snapshots.find(job, 'b [', oldest?.id ?? '', never)).found).toMatchObject([{ path: path.join(home, 'letters', 'b [1].txt') }]);
  });

  test('what goes back where it was keeps newer files, and everything else where it is to stay', async () => {
    const letters = path.join(home, 'letters');
    const [, oldest] = await snapshots.list(job);
    writeFileSync(path.join(letters, 'a.txt'), 'newer');
    writeFileSync(path.join(letters, 'b [1].txt'), 'older');
    utimesSync(path.join(letters, 'b [1].txt'), 1, 1);
    const kept = await ended(await restores.files(job, order([letters], { snapshotId: oldest?.id ?? '' })));
    expect(kept).toMatchObject({ state: 'succeeded', what: '"letters"', where: 'where it was', result: { files: 1, skipped: 2, errorCount: 0 }, error: null });
    expect([text(letters, 'a.txt'), text(letters, 'b [1].txt')]).toEqual(['newer', 'first b [1].txt']);

    writeFileSync(path.join(letters, 'b [1].txt'), 'mine');
    utimesSync(path.join(letters, 'b [1].txt'), 1, 1);
    expect(await ended(await restores.files(job, order([path.join(letters, 'b [1].txt')], { overwrite: 'keep' })))).toMatchObject({ state: 'succeeded', result: { files: 0, skipped: 1 }, opens: path.join(letters, 'b [1].txt') });
    expect(text(letters, 'b [1].txt')).toBe('mine');
    await ended(await restores.files(job, order([path.join(letters, 'a.txt')], { overwrite: 'replace' })));
    expect(text(letters, 'a.txt')).toBe('second a.txt');
  });

  test('a folder that became a link, and a link to a folder above, are neither followed nor removed', async () => {
    const elsewhere = tempFolder();
    const target = path.join(tempFolder(), 'out');
    mkdirSync(path.join(target, 'letters'), { recursive: true });
    symlinkSync(elsewhere, path.join(target, 'letters', 'old'));
    mkdirSync(path.join(target, 'letters', 'a.txt'));
    writeFileSync(path.join(target, 'letters', 'a.txt', 'inside'), 'precious');
    const view = await ended(await restores.files(job, order([path.join(home, 'letters')], { place: { type: 'folder', path: target } })));
    expect(view).toMatchObject({ state: 'warnings', opens: target, result: { files: 1 } });
    expect(view.result?.errors[0]).toMatchObject({ path: path.join(target, 'letters', 'old'), message: expect.stringContaining('left alone') as string });
    expect(lstatSync(path.join(target, 'letters', 'old')).isSymbolicLink()).toBe(true);
    expect(text(target, 'letters', 'a.txt', 'inside')).toBe('precious');
  });

  test('what a hub asks for waits for a yes, never replaces anything, and may be refused', async () => {
    const target = tempFolder();
    writeFileSync(path.join(target, 'a.txt'), 'mine');
    const asked = { jobId: job.id, snapshotId: 'latest', paths: [path.join(home, 'letters', 'a.txt'), path.join(home, 'letters', 'old')], folder: target };
    const first = await restores.asked(job, asked, false);
    expect(first.state).toBe('waiting');
    expect(restores.waiting).toMatchObject([{ id: first.id, subject: expect.stringContaining(target) as string }]);
    restores.answer(first.id, 'refuse');
    expect(restores.view(first.id).state).toBe('refused');
    expect(() => restores.answer(first.id, 'allow')).toThrow(/does not wait any more/);
    const second = await restores.asked(job, asked, false);
    restores.answer(second.id, 'allow');
    expect(await ended(second.id)).toMatchObject({ state: 'succeeded', byHub: true, result: { files: 1, skipped: 1 } });
    expect([text(target, 'a.txt'), text(target, 'old', 'c.txt')]).toEqual(['mine', 'first old/c.txt']);
    for (let i = 0; i < 10; i += 1) await restores.asked(job, asked, false);
    await expect(restores.asked(job, asked, false)).rejects.toMatchObject({ code: 'policy-refused' });
    for (const { id } of restores.waiting) restores.cancel(id);
    expect(restores.waiting).toEqual([]);
  });

  test('a restore that cannot write says so in a sentence, and one that is cancelled ends', async () => {
    const file = path.join(tempFolder(), 'file');
    writeFileSync(file, '');
    expect(await ended(await restores.files(job, order([home], { place: { type: 'folder', path: path.join(file, 'below') } })))).toMatchObject({ state: 'failed', error: { message: expect.stringMatching(/\.$/) as string } });
    const id = await restores.files(job, order([home], { place: { type: 'folder', path: tempFolder() } }));
    restores.cancel(id);
    expect(['cancelled', 'succeeded']).toContain((await ended(id)).state);
  });
});
