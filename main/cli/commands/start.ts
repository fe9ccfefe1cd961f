import { z } from 'zod';
import type { RunningHub } from '../../hub/index.js';
import type { Paths } from '../../platform/paths/paths.js';
import type { AgentControl } from '../../shared/control.js';
import type { Cli, Register } from '../cli.js';
import { statusText } from './status.js';

export const register: Register = (program, cli) => {
  program.command('start', { hidden: true }).description('run hub and agent in this terminal, as "npm start" does without a display')
    .action(cli.action(z.object({}), () => start(cli)));
};

async function start(cli: Cli): Promise<void> {
  const { signal } = cli;
  const [{ openHome }, { startOwnHub }, { startAgent }, { consoleLine }, { untilAborted }, { untilState }, { readVersion }] = await Promise.all([
    import('../agent/open.js'), import('../start/own-hub.js'), import('../../platform/agent-host/agent-host.js'), import('../../platform/logging/logging.js'),
    import('../terminal/until-aborted.js'), import('../start/until-state.js'), import('../version.js'),
  ]);
  const { paths, settings } = await openHome(cli);
  cli.chat(`Holdfast ${readVersion()}, everything in ${paths.dataFolder}`);
  const own: { hub: RunningHub | null } = { hub: null };
  const agent = await startAgent({
    paths, settings, env: cli.env, version: readVersion(),
    sink: (entry) => { if (entry.level === 'warn' || entry.level === 'error') cli.warn(cli.json ? JSON.stringify(entry) : consoleLine(entry)); },
    beforeConnect: async ({ logging }) => {
      own.hub = await startOwnHub(paths, settings, logging.scoped('hub'));
      if (own.hub !== null) cli.chat(`The hub listens on ${own.hub.url}`);
    },
  });
  const { control } = agent;
  try {
    if (agent.attached) {
      cli.chat('Holdfast is running already; this shows its state.');
    } else {
      const { printConnections } = await import('../agent/connection-lines.js');
      printConnections(cli, control);
      await enrol(cli, own.hub, settings.read().hub === null, control);
      await untilState(control, signal, ({ connection }) => (connection.state === 'connected' ? true : undefined), {
        limit: 60_000, sentence: (state) => state?.connection.lastError?.message ?? 'There is no connection to the hub. See the log.',
      });
      await firstJob(cli, own.hub !== null, paths, control);
    }
    const state = await control.call('state', {});
    cli.result({ message_type: 'ready', ...state }, () => `\n${statusText(state, Date.now())}\n\n${advice(paths.override)}`);
    if (agent.attached) return;
    await untilAborted(signal);
    cli.chat('Ending.');
  } finally {
    await agent.close();
    await own.hub?.close();
  }
}

/** This computer joins its own hub as any other would: with a setup token. */
async function enrol(cli: Cli, hub: RunningHub | null, needed: boolean, control: AgentControl): Promise<void> {
  if (!needed || hub === null) return;
  const { link } = await hub.admin.createSetupToken({ name: 'This computer', expiresInHours: 1, maxUses: 1 });
  const { name } = await control.call('join', { link });
  cli.chat(`This computer has joined it as "${name}"`);
}

async function firstJob(cli: Cli, ownHub: boolean, paths: Paths, control: AgentControl): Promise<void> {
  const { jobs } = await control.call('state', {});
  if (!ownHub || jobs.length > 0) return;
  const { createSampleJob, runJob, sampleFolder } = await import('../start/sample.js');
  const { proveRestorable } = await import('../start/proof.js');
  cli.chat(`\nNo job yet: here is one for the sample folder ${sampleFolder}`);
  const job = await createSampleJob(cli, control, paths);
  const run = await runJob(cli, control, job);
  const { password, repositoryUrl } = await control.call('recoveryKit', { destinationId: job.destination.id });
  const proof = await proveRestorable({ url: repositoryUrl, password }, run.result?.snapshotId ?? 'latest', sampleFolder, cli.signal);
  cli.result({ message_type: 'proof', files: proof.files }, () => `Restored it elsewhere and compared: all ${proof.files} files are the same, byte for byte`);
}

const advice = (data: string | null): string => {
  const command = `${data === null ? '' : `HOLDFAST_DATA=${data} `}npx holdfast`;
  return [
    'What to do next, in another terminal:',
    '',
    `  ${command} status`,
    `  ${command} recovery-kit Sample`,
    `  ${command} job add Documents ~/Documents --repo /mnt/disk/backup --every 6h`,
    '',
    'Ctrl-C ends hub and agent.',
  ].join('\n');
};
