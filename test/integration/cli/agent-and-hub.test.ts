import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { runOk, type Running } from '../../helpers/processes.js';
import { until } from '../../helpers/until.js';
import { home, type Home } from './holdfast.js';

const listening = async (hub: Running): Promise<string> => (await hub.line(/^listening on (https:\/\/127\.0\.0\.1:\d+)$/))[1] ?? '';

async function hubWith(name: string): Promise<{ hub: Home; running: Running; url: string; id: string; link: string; token: string }> {
  const hub = home();
  const running = hub.start('hub', '--listen', '127.0.0.1:0');
  const url = await listening(running);
  return { hub, running, url, ...await hub.json<{ id: string; link: string; token: string }>('agents', 'add', name) };
}

describe('hub and agent by command', () => {
  it('a job added on the hub runs on the agent, and restic opens what it made', async () => {
    const { hub, link, url } = await hubWith('laptop');
    const agent = home({ HOLDFAST_PASSWORD: 'of the server' });
    const tokenFile = path.join(agent.folder, 'token');
    writeFileSync(tokenFile, link, { mode: 0o600 });
    const running = agent.start('agent', '--token-file', tokenFile);
    await running.line(new RegExp(`^connected to ${url}$`));
    const files = path.join(agent.folder, 'files');
    mkdirSync(files);
    writeFileSync(path.join(files, 'x'), 'content');
    const repo = path.join(agent.folder, 'repo');
    const copy = path.join(agent.folder, 'copy');
    const { id } = await hub.json('job', 'add', 'Docs', files, '--repo', repo, '--copy-to', copy, '--every', '1d');
    expect(await hub.json('job', 'run', String(id), '--wait')).toMatchObject({ state: 'succeeded' });
    const [job] = await hub.json<Record<string, unknown>[]>('job', 'list');
    expect(job).toMatchObject({ id, name: 'Docs', lastRun: { state: 'succeeded', snapshotId: expect.stringMatching(/^[0-9a-f]{64}$/), error: null } });
    for (const url of [repo, copy]) expect(await runOk('restic', ['-r', url, '--no-cache', 'ls', 'latest'], { env: { RESTIC_PASSWORD: 'of the server' } })).toContain(path.join(files, 'x'));
    expect(job).toMatchObject({ status: 'Protected', reason: expect.stringContaining('with a copy elsewhere') });
    expect(await agent.json('status')).toMatchObject({ status: 'Protected', connection: { state: 'connected', hub: url }, jobs: [{ job: { id } }] });
    expect(await hub.json('agents', 'list')).toMatchObject([{ name: 'laptop', online: true, status: 'Protected' }]);
    expect((await agent.holdfast('logs')).stdout).toContain('Backup of "Docs"');
    expect(await agent.holdfast('doctor')).toMatchObject({ code: 0 });
    // A second agent for the same folder is refused; the first goes on.
    expect(await agent.holdfast('agent', '--token-file', tokenFile)).toMatchObject({ code: 1, stderr: expect.stringContaining('already') });
    expect(await running.stop()).toMatchObject({ code: 0 });
    expect(await agent.holdfast('status')).toMatchObject({ code: 1, stderr: expect.stringContaining('holdfast agent') });
    expect((await agent.holdfast('logs')).stdout).toContain('Backup of "Docs"');
  });

  it('joins by a setup link, keeps the token in one file of this user, and comes back after kill -9', async () => {
    const { hub, url } = await hubWith('other');
    const { link } = await hub.json<{ link: string }>('setup-token', 'create', 'for the test', '--max-uses', '1');
    const agent = home();
    expect(await agent.json('join', link)).toMatchObject({ hub: url });
    const secret = JSON.stringify(JSON.parse(readFileSync(path.join(agent.data, 'secrets.json'), 'utf8'))).match(/\|([A-Za-z0-9]{40})/)?.[1] ?? 'none';
    expect(statSync(path.join(agent.data, 'secrets.json')).mode & 0o777).toBe(0o600);
    const first = agent.start('agent');
    await first.line(/^connected to /);
    first.signal('SIGKILL');
    await first.ended;
    expect(existsSync(path.join(agent.data, 'agent.sock'))).toBe(true);
    const second = agent.start('agent');
    await second.line(/^connected to /);
    expect(await agent.json('status')).toMatchObject({ connection: { state: 'connected' } });
    await second.stop();
    const holders = readdirSync(agent.data, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())
      .map((entry) => path.join(entry.parentPath, entry.name)).filter((file) => readFileSync(file).includes(secret));
    expect(holders).toEqual([path.join(agent.data, 'secrets.json')]);
  });

  it('takes the token from agent.conf and the environment, and the hub from the same data folder', async () => {
    const { hub, link, token, url } = await hubWith('same');
    writeFileSync(path.join(hub.data, 'agent.conf'), `token = ${token}\n`, { mode: 0o600 });
    const byFile = hub.start('agent');
    await byFile.line(new RegExp(`^connected to ${url}$`));
    await byFile.stop();
    const fingerprint = new URL(link).searchParams.get('fingerprint') ?? '';
    const environment = { HOLDFAST_HUB: url, HOLDFAST_HUB_FINGERPRINT: fingerprint };
    const byEnvironment = home({ ...environment, HOLDFAST_AGENT_TOKEN: token }).start('agent');
    await byEnvironment.line(new RegExp(`^connected to ${url}$`));
    await byEnvironment.stop();
    const unknown = home({ ...environment, HOLDFAST_AGENT_TOKEN: `99|${'x'.repeat(40)}` }).start('agent');
    await unknown.line(/does not know/);
    expect(unknown.lines.join('\n')).not.toContain('x'.repeat(40));
  });

  it('of two starts at once one runs', async () => {
    const { link } = await hubWith('twice');
    const agent = home({ HOLDFAST_AGENT_TOKEN: link });
    const both = [agent.start('agent'), agent.start('agent')];
    await until('one has ended', () => both.some(({ isRunning }) => !isRunning));
    const running = both.filter(({ isRunning }) => isRunning);
    expect(running).toHaveLength(1);
    await running[0]?.line(/^connected to /);
  });

  it('says what is wrong before it starts', async () => {
    const lost = home();
    expect(await lost.holdfast('agent')).toMatchObject({ code: 1, stderr: expect.stringContaining('holdfast join') });
    expect(await lost.holdfast('join', 'not a link')).toMatchObject({ code: 2 });
    expect(await lost.holdfast('job', 'list')).toMatchObject({ code: 1, stderr: expect.stringContaining('holdfast hub') });
    const settings = path.join(lost.data, 'settings.json');
    writeFileSync(settings, '{ not JSON');
    expect(await lost.holdfast('agent')).toMatchObject({ code: 1, stderr: expect.stringContaining(settings) });
    expect(readFileSync(settings, 'utf8')).toBe('{ not JSON');
    chmodSync(lost.data, 0o777);
    expect(await lost.holdfast('agent')).toMatchObject({ code: 1, stderr: expect.stringContaining('chmod go-w') });
  });
});

describe('holdfast start', () => {
  it('shows itself on the sample once, proves the restore, and ends on Ctrl-C', async () => {
    const me = home();
    const first = me.start('start');
    await first.line(/Restored it elsewhere and compared: all \d+ files are the same/, 60_000);
    await first.line(/^Protected: /);
    await first.line(/Ctrl-C ends/);
    expect(await me.json('status')).toMatchObject({ status: 'Protected', connection: { state: 'connected' } });
    first.signal('SIGINT');
    expect(await first.ended).toMatchObject({ code: 0 });
    const second = me.start('start');
    await second.line(/Ctrl-C ends/, 60_000);
    expect(second.lines.join('\n')).not.toContain('No job yet');
    expect(await me.json<unknown[]>('job', 'list')).toHaveLength(1);
    // A second start in the same folder attaches and says so.
    expect(await me.holdfast('start')).toMatchObject({ code: 0, stdout: expect.stringContaining('running already') });
    second.signal('SIGTERM');
    expect(await second.ended).toMatchObject({ code: 0 });
  });
});
