import { once } from 'node:events';
import { mkdirSync, statSync, writeFileSync } from 'node:fs';
import { createConnection } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createAgent } from '../../../main/agent/agent.js';
import { connectAgentControl } from '../../../main/platform/local-socket/client.js';
import { serveAgentControl } from '../../../main/platform/local-socket/server.js';
import { agentSocketPath } from '../../../main/platform/local-socket/socket-path.js';
import type { AgentState } from '../../../main/shared/control.js';
import { createWorld, settle, someJob } from '../../helpers/agent-world.js';
import { tempFolder } from '../../helpers/temp.js';
import { until } from '../../helpers/until.js';

async function served(dataFolder = tempFolder()) {
  const world = createWorld({ jobs: [someJob()] });
  const agent = createAgent(world.options);
  await agent.start();
  const server = await serveAgentControl(dataFolder, agent);
  onTestFinished(async () => {
    await server.close();
    await agent.close();
  });
  return { dataFolder, world, server };
}

async function attached(dataFolder: string) {
  const control = await connectAgentControl(dataFolder);
  onTestFinished(() => control.close());
  return control;
}

describe('local socket', () => {
  it('answers as the agent itself, with its errors', async () => {
    const { dataFolder } = await served();
    const control = await attached(dataFolder);
    const state = await control.call('state', {});
    expect(state.agent).toMatchObject({ dataFolder: '/data' });
    expect(state.jobs).toHaveLength(1);
    await expect(control.call('runJob', { jobId: 'none' })).rejects.toMatchObject({ code: 'not-found' });
    await expect(control.call('pause', { until: 'tomorrow' })).rejects.toMatchObject({ code: 'usage' });
  });

  it('tells every client of a change', async () => {
    const { dataFolder, world } = await served();
    const states: AgentState[] = [];
    for (let i = 0; i < 3; i += 1) (await attached(dataFolder)).on('state', (state) => states.push(state));
    const other = await attached(dataFolder);
    await other.call('state', {}); // the subscriptions were there first
    await other.call('pause', { until: null });
    await world.clock.pass(1_000);
    await until('all have heard', () => states.filter(({ paused }) => paused !== null).length >= 3);
  });

  it('is for this user only', async () => {
    const { server } = await served();
    expect(statSync(server.path).mode & 0o777).toBe(0o600);
  });

  it('finds a short path where the data folder has a long one', async () => {
    const folder = path.join(tempFolder(), 'd'.repeat(120));
    mkdirSync(folder);
    expect(Buffer.byteLength(agentSocketPath(folder))).toBeLessThan(104);
    expect(agentSocketPath(folder).startsWith(os.tmpdir())).toBe(true);
    const { server } = await served(folder);
    expect(statSync(path.dirname(server.path)).mode & 0o777).toBe(0o700);
    expect((await (await attached(folder)).call('state', {})).jobs).toHaveLength(1);
  });

  it('takes the place of a socket that a dead agent left, and says when none runs', async () => {
    const folder = tempFolder();
    await expect(connectAgentControl(folder)).rejects.toMatchObject({ code: 'not-found', message: expect.stringContaining('holdfast agent') });
    const first = await serveAgentControl(folder, createAgent(createWorld().options));
    await first.close();
    writeFileSync(agentSocketPath(folder), 'left behind');
    await served(folder);
    expect((await (await attached(folder)).call('state', {})).jobs).toHaveLength(1);
  });

  it('tells an attached client that the agent has ended', async () => {
    const folder = tempFolder();
    const agent = createAgent(createWorld().options);
    const server = await serveAgentControl(folder, agent);
    const control = await attached(folder);
    await control.call('state', {});
    const lost = new Promise<void>((resolve) => control.onLost(resolve));
    await server.close();
    await lost;
    await expect(control.call('state', {})).rejects.toMatchObject({ code: 'not-found' });
  });

  it('drops a client that speaks another language, and only that one', async () => {
    const { dataFolder, server } = await served();
    const good = await attached(dataFolder);
    const bad = createConnection(server.path);
    bad.write('GET / HTTP/1.1\n\n');
    await once(bad, 'close');
    await settle();
    const control = createConnection(server.path);
    control.write(`${JSON.stringify({ id: 1, method: 'constructor', params: {} })}\n`);
    const [reply] = await once(control, 'data') as [Buffer];
    expect(JSON.parse(reply.toString())).toMatchObject({ kind: 'error', id: 1, error: { code: 'upgrade-needed' } });
    control.destroy();
    expect((await good.call('state', {})).jobs).toHaveLength(1);
  });
});
