/**
 * Whole backups to each kind of destination while something is wrong: each succeeds, or ends with a sentence that names the cause. Then what
 * was wrong is mended: the next backup succeeds, sends no pack again that had arrived, and the official restic finds every byte.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, statfsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { createEngine } from '../../../main/backup/index.js';
import { Proxy, type Mischief } from '../../helpers/proxy.js';
import { removeTree, tempFolder } from '../../helpers/temp.js';
import { bytes } from '../../helpers/trees.js';
import { attempt, packsIn, recovers, remoteKinds, sentence, startDestination, type Destination, type Kind, type Outcome } from './destinations.js';

const folder = tempFolder({ keep: true });
const source = join(folder, 'source');
const megabytes = 24;
const engine = createEngine();
const isRoot = process.getuid?.() === 0;
/** What was seen, for docs/destinations.md. */
const seen: string[] = [];

beforeAll(() => {
  mkdirSync(source);
  for (let i = 0; i < megabytes; i++) writeFileSync(join(source, `file ${i}`), bytes(1_000_000, i + 1, 1));
});
afterAll(async () => {
  await engine.close();
  await removeTree(folder);
  console.log(['', ...seen].join('\n'));
});

let count = 0;
const fresh = (): string => `matrix${count++}`;

function note(kind: Kind, fault: string, outcome: Outcome, retry: string): void {
  seen.push(`| ${kind} | ${fault} | ${outcome.error ? outcome.error.message : 'succeeds'} | ${retry} |`);
}

interface Fault {
  /** At the beginning, or when so many bytes have passed. */
  readonly begin: (world: { proxy: Proxy; destination: Destination }) => Promise<void> | void;
  readonly after?: number;
  readonly settings?: Record<string, string>;
  readonly mend?: (world: { proxy: Proxy; destination: Destination }) => Promise<void>;
  /** Null: it succeeds in spite of it. */
  readonly error: RegExp | null;
}

const mischief = (what: Mischief): Fault['begin'] => ({ proxy }) => { proxy.mischief = what; };
const lines: Record<string, Fault> = {
  'reset after 5 MB, four times': { begin: mischief({ after: { bytes: 5_000_000, what: 'reset', times: 4 } }), error: null },
  'silent after 3 MB, twice': { begin: mischief({ after: { bytes: 3_000_000, what: 'stall', times: 2 } }), settings: { 'stall-seconds': '3' }, error: null },
  'no network from the middle on': {
    after: 18_000_000, begin: ({ proxy }) => { proxy.mischief = { refuse: true }; proxy.reset(); }, settings: { 'retry-seconds': '3' }, error: /broke off|Nothing answers|cannot be reached/,
  },
  'server killed in the middle, back after 3 s': {
    after: 14_000_000, begin: async ({ destination }) => { await destination.kill(); await sleep(3000); await destination.start(); }, error: null,
  },
  'server killed in the middle, away': {
    after: 18_000_000, begin: ({ destination }) => destination.kill(), mend: ({ destination }) => destination.start(), settings: { 'retry-seconds': '3' }, error: /broke off|Nothing answers|connection was disturbed/,
  },
};

for (const kind of remoteKinds) {
  describe(`${kind} over a line in trouble`, () => {
    let destination: Destination;
    beforeAll(async () => {
      const files = join(folder, kind.replace(' ', '-'));
      mkdirSync(files);
      destination = await startDestination(kind, files, join(folder, `${kind}-scratch`));
    }, 90_000);
    afterAll(() => destination?.stop());

    for (const [name, fault] of Object.entries(lines)) {
      it(`${name}: ${fault.error ? 'a sentence, and the next run goes on from there' : 'succeeds'}`, async () => {
        const proxy = await Proxy.to(destination.port ?? 0);
        onTestFinished(() => proxy.stop());
        const repositoryName = fresh();
        const plain = await destination.access(repositoryName, { host: '127.0.0.1', port: proxy.port });
        const repository = { ...plain, cacheFolder: join(folder, 'cache') };
        await engine.init({ repository });
        const world = { proxy, destination };
        const begun: Promise<void>[] = [];
        const start = (): void => { if (begun.length === 0) begun.push(Promise.resolve(fault.begin(world))); };
        proxy.received = 0;
        const timer = setInterval(() => { if (proxy.received >= (fault.after ?? 0)) start(); }, 5);
        if (fault.after === undefined) start();
        const outcome = await attempt(engine, { ...repository, backend: { ...repository.backend, ...fault.settings } }, source);
        clearInterval(timer);
        await Promise.all(begun);
        expect(begun, 'it happened').toHaveLength(1);
        if (fault.error) {
          expect(outcome.error?.message).toMatch(fault.error);
          expect(outcome.error?.message).toMatch(sentence);
        } else expect(outcome.error).toBeNull();
        proxy.mischief = {};
        await fault.mend?.(world);
        await sleep(500); // a server may still be storing what it got
        note(kind, name, outcome, await recovers(engine, repository, source, outcome, await packsIn(repository), () => destination.check(repositoryName)));
      });
    }
  });
}

/** A small disk of the destination's own. */
class Disk {
  constructor(readonly path: string) {
    mkdirSync(path);
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=256m', 'tmpfs', path]);
  }

  remount(options: string): void {
    execFileSync('mount', ['-o', `remount,${options}`, this.path]);
  }

  leave(what: 'megabytes' | 'inodes', some: number): void {
    const { bsize, blocks, bfree, files, ffree } = statfsSync(this.path);
    this.remount(what === 'megabytes' ? `size=${(blocks - bfree) * bsize + some * 1e6}` : `nr_inodes=${files - ffree + some}`);
  }

  unmount(): void {
    execFileSync('umount', ['-l', this.path]);
  }
}

/** rclone never says what its disk says. */
const untold = /does not say why: its disk may be full or read-only/;

interface DiskFault { readonly begin: (disk: Disk) => void; readonly mend: (disk: Disk) => void; readonly error: RegExp }
const disks: Record<string, DiskFault> = {
  'disk full in the middle': { begin: (disk) => disk.leave('megabytes', 10), mend: (disk) => disk.remount('size=256m'), error: /full|used up/ },
  'out of inodes in the middle': { begin: (disk) => disk.leave('inodes', 5), mend: (disk) => disk.remount('nr_inodes=100000'), error: /full|no more files/ },
  'read-only': { begin: (disk) => disk.remount('ro'), mend: (disk) => disk.remount('rw'), error: /read-only/ },
};

for (const kind of ['folder', 'sftp', 'rest', 'hub storage'] as const) {
  describe(`${kind} on a disk in trouble`, () => {
    if (!isRoot) {
      it('wants root, because it mounts disks', () => { console.log(`${kind}: disks were not tried, because only root may mount them`); });
      return;
    }
    for (const [name, fault] of Object.entries(disks)) {
      it(`${name}: a sentence, and the next run goes on from there`, async () => {
        const disk = new Disk(join(folder, `disk-${fresh()}`));
        const destination = await startDestination(kind, disk.path, join(folder, `scratch-${fresh()}`));
        onTestFinished(async () => {
          await destination.stop();
          disk.unmount();
        });
        const repositoryName = fresh();
        const plain = await destination.access(repositoryName);
        const repository = { ...plain, cacheFolder: join(folder, 'cache'), ...(kind === 'folder' ? {} : { backend: { ...plain.backend, 'retry-seconds': '3' } }) };
        await engine.init({ repository });
        fault.begin(disk);
        const outcome = await attempt(engine, repository, source);
        expect(outcome.error?.message).toMatch(sentence);
        expect(outcome.error?.message).toMatch(kind === 'rest' ? untold : fault.error);
        fault.mend(disk);
        note(kind, name, outcome, await recovers(engine, repository, source, outcome, await packsIn(repository), () => destination.check(repositoryName)));
      });
    }
  });
}
