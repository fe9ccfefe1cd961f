/** A real disk (an ext4 image on a loop device) under a real agent and engine: away, pulled in the middle, back under another path. Needs root. */
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdirSync, readdirSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, it, onTestFinished } from 'vitest';
import { createAgent } from '../../../main/agent/agent.js';
import { createEngine } from '../../../main/backup/thread/engine.js';
import { LinuxVolumes } from '../../../main/backup/destination/volume/linux.js';
import { Volumes } from '../../../main/backup/destination/volume/volumes.js';
import { systemClock } from '../../../main/platform/clock.js';
import { createAgentEngine } from '../../../main/platform/engine/engine.js';
import { createWorld, someJob } from '../../helpers/agent-world.js';
import { removeTree, tempFolder } from '../../helpers/temp.js';
import { until } from '../../helpers/until.js';

beforeAll(() => {
  if (process.getuid?.() !== 0) throw new Error('These tests mount file systems. Run them as root.');
});

const run = (program: string, ...args: string[]): string => execFileSync(program, args, { encoding: 'utf8' }).trim();

/** An external disk with a file system of its own, and the mount points that a desktop would make for it. */
function externalDisk(root: string) {
  const image = join(root, 'disk.img');
  writeFileSync(image, '');
  truncateSync(image, 256 * 2 ** 20);
  const uuid = '11111111-2222-4333-8444-555555555555';
  run('mkfs.ext4', '-q', '-U', uuid, image);
  const device = run('losetup', '--find', '--show', image);
  onTestFinished(() => { run('losetup', '-d', device); });
  const byUuid = join(root, 'by-uuid');
  mkdirSync(byUuid);
  const mounted = new Set<string>();
  const unmount = (at: string): void => {
    if (mounted.delete(at)) run('umount', '-l', at);
  };
  onTestFinished(() => { for (const at of mounted) if (run('mount').includes(` on ${at} `)) unmount(at); });
  return {
    volumes: new Volumes(new LinuxVolumes({ mountinfo: '/proc/self/mountinfo', byUuid, fstab: join(root, 'fstab'), devices: '/dev' })),
    attach: (at: string): void => {
      mkdirSync(at, { recursive: true });
      run('mount', device, at);
      mounted.add(at);
      symlinkSync(device, join(byUuid, uuid));
    },
    /** What pulling the plug does: the path is an empty folder from now on. */
    pull: (at: string): void => {
      rmSync(join(byUuid, uuid));
      unmount(at);
    },
  };
}

it('a pulled disk ends the run, nothing is written elsewhere, and the job goes on by itself under another path', async () => {
  const root = tempFolder({ keep: true });
  onTestFinished(() => removeTree(root));
  const disk = externalDisk(root);
  const [first, second, source] = [join(root, 'media', 'Backup'), join(root, 'media', 'Backup1'), join(root, 'source')];
  mkdirSync(source);
  writeFileSync(join(source, 'small'), 'as it was');
  disk.attach(first);

  const job = someJob({ sources: [{ type: 'files', paths: [source], excludes: [] }], destination: { id: 'dest1', name: 'Backup', url: join(first, 'holdfast') }, schedule: { type: 'manual' } });
  const world = createWorld({ jobs: [job] });
  const engine = createAgentEngine({
    open: () => Promise.resolve(createEngine()), logger: world.options.logger, compilers: { wake: () => () => undefined },
    sources: { env: process.env, password: () => Promise.resolve(null) }, cacheFolder: join(root, 'cache'),
  });
  const disks = { place: disk.volumes.place.bind(disk.volumes), locate: disk.volumes.locate.bind(disk.volumes), check: disk.volumes.check.bind(disk.volumes),
    eject: disk.volumes.eject.bind(disk.volumes), watch: (callback: () => void) => disk.volumes.watch(callback, 20) };
  const agent = createAgent({ ...world.options, clock: systemClock, engine, reader: engine.reader, disks });
  onTestFinished(() => agent.close());
  await agent.start();
  const newest = async () => (await agent.call('state', {})).jobs[0]?.lastRun ?? null;
  const ended = (runId: string) => until('the run has ended', async () => {
    const last = await newest();
    return last?.id === runId && last.finishedAt !== null && last;
  }, 60_000);

  const one = await agent.call('runJob', { jobId: job.id });
  expect(await ended(one.runId)).toMatchObject({ state: 'succeeded' });

  writeFileSync(join(source, 'large'), randomBytes(150 * 2 ** 20));
  const two = await agent.call('runJob', { jobId: job.id });
  await until('the second run writes', () => readdirSync(join(first, 'holdfast', 'locks')).length > 0, 60_000);
  disk.pull(first);
  const pulled = await ended(two.runId);
  expect(pulled).toMatchObject({ state: 'failed', error: { code: 'destination-missing', message: 'The disk "Backup" was taken away during the backup. Attach it: the backup then begins by itself.' } });
  expect(readdirSync(first)).toEqual([]);

  const three = await agent.call('runJob', { jobId: job.id });
  expect((await ended(three.runId)).error?.message).toMatch(/^The disk "Backup" has been away for a moment\. Attach it/);
  expect(readdirSync(first)).toEqual([]);

  disk.attach(second);
  const resumed = await until('the job goes on by itself', async () => {
    const last = await newest();
    return last !== null && last.id !== three.runId && last.finishedAt !== null && last;
  }, 60_000);
  expect(resumed).toMatchObject({ state: 'succeeded', result: { filesNew: 1, filesUnmodified: 1 } });
  expect(readdirSync(first)).toEqual([]);
  const { snapshots } = await agent.call('snapshots', { jobId: job.id });
  expect(snapshots).toHaveLength(2);

  expect(await agent.call('ejectDisk', { destinationId: 'dest1' })).toEqual({ label: 'Backup' });
  expect(readdirSync(second)).toEqual([]);
});
