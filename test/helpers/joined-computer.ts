/** A whole agent in this process that belongs to a hub, with one good backup of a folder. */
import path from 'node:path';
import { onTestFinished } from 'vitest';
import type { RunningHub } from '../../main/hub/index.js';
import { startAgent } from '../../main/platform/agent-host/agent-host.js';
import { makeFolders } from '../../main/platform/paths/folders.js';
import { findPaths } from '../../main/platform/paths/paths.js';
import { confStore } from '../../main/platform/settings/conf.js';
import { openSettings } from '../../main/platform/settings/settings.js';
import type { AgentControl } from '../../main/shared/control.js';
import { until } from './until.js';

/** @param folder holds its data and the repository @param documents what is backed up */
export async function joinedComputer({ admin }: RunningHub, folder: string, documents: string): Promise<{ control: AgentControl; jobId: string }> {
  const env = { ...process.env, HOLDFAST_DATA: path.join(folder, 'data'), DBUS_SESSION_BUS_ADDRESS: '' };
  const paths = findPaths({ env, platform: process.platform, home: folder });
  await makeFolders(paths);
  const started = await startAgent({ paths, settings: openSettings(paths.settingsFile, confStore), env, version: '0.0.0', attach: false });
  onTestFinished(() => started.close());
  const { control } = started;
  const setup = await admin.createSetupToken({ name: 'office' });
  await control.call('join', { link: setup.link, allow: [documents] });
  const [agent] = await until('the computer is connected', async () => {
    const agents = await admin.listAgents({});
    return agents[0]?.online === true && agents;
  });
  const destination = { id: 'disk', name: 'Disk', url: path.join(folder, 'repository') };
  await control.call('prepareDestination', { destination, password: null });
  const job = await admin.createJob({ agentId: agent?.id ?? '', draft: { name: 'Documents', sources: [{ type: 'files', paths: [documents] }], destination, schedule: { type: 'manual' } } });
  const { id: runId } = await admin.runJob({ id: job.id });
  await until('the backup is finished', async () => (await admin.getRun({ id: runId })).run.state === 'succeeded');
  return { control, jobId: job.id };
}
