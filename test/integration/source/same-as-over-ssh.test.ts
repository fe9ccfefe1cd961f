import { chmodSync, linkSync, mkdirSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { runOk } from '../../helpers/processes.js';
import { startSshServer } from '../../helpers/sshd.js';
import { home } from '../cli/holdfast.js';

const snapshotRow = z.object({ id: z.string(), tree: z.string(), hostname: z.string(), time: z.string(), paths: z.array(z.string()) });
const treeBlob = z.object({ nodes: z.array(z.looseObject({ name: z.string(), subtree: z.string().optional() })) });

test('a job run by the agent and a restic backup over SSH give the same trees', async () => {
  const hub = home();
  await hub.start('hub', '--listen', '127.0.0.1:0').line(/^listening on /);
  const { link } = await hub.json<{ link: string }>('agents', 'add', 'server');
  const agent = home({ HOLDFAST_PASSWORD: 'test' });
  const at = (name: string): string => path.join(agent.folder, name);
  writeFileSync(at('token'), link, { mode: 0o600 });
  await agent.start('agent', '--token-file', at('token')).line(/^connected to /);

  mkdirSync(at('files/deep/er'), { recursive: true });
  writeFileSync(at('files/big'), Buffer.alloc(5_000_000, 'Not all the same. '));
  writeFileSync(at('files/na\u00efve \u2603.txt'), 'text', { mode: 0o640 });
  writeFileSync(at('files/deep/er/empty'), '');
  linkSync(at('files/big'), at('files/deep/hard link'));
  symlinkSync('../big', at('files/deep/soft link'));
  writeFileSync(at('files/left out.tmp'), 'x');
  chmodSync(at('files/deep'), 0o2750);
  utimesSync(at('files/deep/er/empty'), 1, 1_600_000_000.123);

  const repo = at('repo');
  const { id } = await hub.json('job', 'add', 'Files', at('files'), '--exclude', '*.tmp', '--repo', repo);
  expect(await hub.json('job', 'run', String(id), '--wait')).toMatchObject({ state: 'succeeded' });

  const ssh = await startSshServer();
  try {
    writeFileSync(at('password'), 'test', { mode: 0o600 });
    const said = await runOk('ssh', [
      '-F', '/dev/null', '-i', ssh.keyFile, '-o', `UserKnownHostsFile=${ssh.knownHostsFile}`, '-o', 'IdentitiesOnly=yes', '-p', String(ssh.port), `${ssh.user}@127.0.0.1`,
      `restic -r '${repo}' --password-file '${at('password')}' --no-cache backup --force --exclude '*.tmp' '${at('files')}'`,
    ]);
    expect(said).toContain('snapshot');
  } finally {
    await ssh.stop();
  }

  const restic = (...args: string[]): Promise<string> => runOk('restic', ['-r', repo, '--no-cache', ...args], { env: { RESTIC_PASSWORD: 'test' } });
  const snapshots = z.array(snapshotRow).length(2).parse(JSON.parse(await restic('snapshots', '--json'))).sort((a, b) => a.time.localeCompare(b.time));
  expect(snapshots[1]?.paths).toEqual(snapshots[0]?.paths);
  const parts = at('files').split('/').filter(Boolean);
  const trees = await Promise.all(snapshots.map(async ({ tree }) => {
    const above: unknown[] = [];
    let subtree = tree;
    for (const part of parts) {
      const node = treeBlob.parse(JSON.parse(await restic('cat', 'blob', subtree))).nodes.find(({ name }) => name === part);
      subtree = node?.subtree ?? 'none';
      // the folders above belong to everyone on this computer: others write in them meanwhile
      above.push({ ...node, mtime: 0, atime: 0, ctime: 0, subtree: 0 });
    }
    return { above, subtree };
  }));
  expect(trees[0]?.subtree).toMatch(/^[0-9a-f]{64}$/);
  expect(trees[1]).toEqual(trees[0]);
}, 90_000);
