import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, it } from 'vitest';
import { runOk } from '../../helpers/processes.js';
import { startRestServer } from '../../helpers/rclone.js';
import { home } from './holdfast.js';

it('a job of the hub into a REST server fails with the way to enter its keys, and runs with them; restic opens the result', async () => {
  const hub = home();
  const running = hub.start('hub', '--listen', '127.0.0.1:0');
  await running.line(/^listening on /);
  const { link } = await hub.json<{ link: string }>('agents', 'add', 'laptop');
  const agent = home({ HOLDFAST_PASSWORD: 'of the server' });
  const tokenFile = path.join(agent.folder, 'token');
  writeFileSync(tokenFile, link, { mode: 0o600 });
  const secret = 'k3ys-of-anna';
  const server = await startRestServer(path.join(agent.folder, 'served'), { user: 'anna', password: secret });
  const attached = agent.start('agent', '--token-file', tokenFile);
  try {
    await attached.line(/^connected to /);
    const files = path.join(agent.folder, 'files');
    mkdirSync(files);
    writeFileSync(path.join(files, 'x'), 'content');
    const repo = `${server.url}docs/`;
    const { id } = await hub.json('job', 'add', 'Docs', files, '--repo', repo, '--every', '1d');
    const refused = await hub.holdfast('job', 'run', String(id), '--wait');
    expect(refused.code).toBe(1);
    expect(refused.stdout + refused.stderr).toContain('holdfast destination set');
    const keys = path.join(agent.folder, 'keys');
    writeFileSync(keys, `user=anna\npassword=${secret}\n`, { mode: 0o600 });
    expect(await agent.holdfast('destination', 'test', repo)).toMatchObject({ code: 1 });
    expect(await agent.json('destination', 'test', repo, '--file', keys)).toMatchObject({ ok: true });
    writeFileSync(path.join(agent.folder, 'odd'), 'colour=blue\n');
    expect(await agent.holdfast('destination', 'set', repo, '--file', path.join(agent.folder, 'odd'))).toMatchObject({ code: 2, stderr: expect.stringContaining('"colour" is not a setting') });
    const [destination] = await agent.json<{ id: string; url: string }[]>('destination', 'list');
    expect(destination?.url).toBe(repo);
    expect(await agent.json('destination', 'set', destination?.id ?? '', '--file', keys)).toMatchObject({ url: repo, settings: ['user', 'password'] });
    expect(await agent.json('destination', 'test', repo)).toMatchObject({ ok: true });
    expect(await hub.json('job', 'run', String(id), '--wait')).toMatchObject({ state: 'succeeded' });
    const address = repo.replace('rest:http://', `rest:http://anna:${secret}@`);
    expect(await runOk('restic', ['-r', address, '--no-cache', 'ls', 'latest'], { env: { RESTIC_PASSWORD: 'of the server' } })).toContain(path.join(files, 'x'));
    expect((await agent.holdfast('logs')).stdout).not.toContain(secret);
    expect(readFileSync(path.join(agent.data, 'secrets.json'), 'utf8')).toContain(secret);
    expect(await agent.json('destination', 'remove', repo)).toMatchObject({ url: repo });
    expect(readFileSync(path.join(agent.data, 'secrets.json'), 'utf8')).not.toContain(secret);
  } finally {
    await attached.stop();
    await running.stop();
    await server.stop();
  }
}, 120_000);
