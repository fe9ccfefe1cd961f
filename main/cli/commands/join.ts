import os from 'node:os';
import { z } from 'zod';
import { asHoldfastError, HoldfastError } from '../../shared/errors.js';
import type { Cli, Register } from '../cli.js';
import { withAgent } from '../agent/control.js';
import { readVersion } from '../version.js';

export const register: Register = (program, cli) => {
  program.command('join').argument('<link>', 'the setup link from the hub').description('let this computer belong to a hub').action(cli.action(z.object({}), async ({ args: [link = ''] }) => {
    const joined = await joinThroughAgent(cli, link) ?? await joinAlone(cli, link);
    cli.result(joined, () => `This computer belongs to ${joined.hub} now, as "${joined.name}".${joined.running ? '' : ' Start its agent with: holdfast agent'}`);
  }));
};

type Joined = { hub: string; name: string; running: boolean };

/** @returns null when no agent runs. */
async function joinThroughAgent(cli: Cli, link: string): Promise<Joined | null> {
  try {
    return await withAgent(cli, async (control) => ({ ...await control.call('join', { link }), running: true }));
  } catch (thrown) {
    if (asHoldfastError(thrown).code === 'not-found') return null;
    throw thrown;
  }
}

/** Under the folder's lock, so that no agent starts meanwhile. */
async function joinAlone(cli: Cli, link: string): Promise<Joined> {
  const [{ Membership }, { enrolAtHub }, { openHome }, { lockFolder }, { openSecrets }, { agentSettings }] = await Promise.all([
    import('../../agent/membership.js'), import('../../agent/tunnel/enrol.js'), import('../agent/open.js'), import('../../platform/lock/lock.js'),
    import('../../platform/secrets/index.js'), import('../../platform/settings/settings.js'),
  ]);
  const { paths, settings } = await openHome(cli);
  const lock = await lockFolder(paths.lockFile);
  if (lock === null) throw new HoldfastError('already-running', 'The agent is just starting. Try again in a moment.', { retryable: true });
  try {
    const membership = new Membership({
      settings: agentSettings(settings),
      secrets: await openSecrets({ env: cli.env, paths, settings, say: (message) => cli.warn(message) }),
      enrol: enrolAtHub,
      computer: { host: os.hostname(), os: process.platform, arch: process.arch, version: readVersion() },
      givenIdentity: null,
    });
    return { ...await membership.join(link), running: false };
  } finally {
    lock.release();
  }
}
