import os from 'node:os';
import path from 'node:path';
import { z } from 'zod';
import { asHoldfastError, HoldfastError } from '../../shared/errors.js';
import { parseLink } from '../../shared/protocol/link.js';
import { collect, type Cli, type Register } from '../cli.js';
import { withAgent } from '../agent/control.js';
import { readVersion } from '../version.js';

export const register: Register = (program, cli) => {
  program.command('join').argument('<link>', 'the setup link from the hub').description('let this computer belong to a hub')
    .option('--allow <dir>', 'let the hub back up this folder and all below it without asking (may be given several times)', collect)
    .action(cli.action(z.object({ allow: z.array(z.string().min(1)).optional() }), async ({ args: [link = ''], options }) => {
      const allow = (options.allow ?? await askFolders(cli)).map((folder) => path.resolve(cli.process.cwd(), folder));
      const joined = await joinThroughAgent(cli, link, allow) ?? await joinAlone(cli, link, allow);
      cli.result(joined, () => `This computer belongs to ${joined.hub} now, as "${joined.name}".${parseLink(link).recovery === undefined ? '' : ' The office can recover the backups of this computer with its recovery key; "holdfast escrow refuse" takes that back.'}${joined.running ? '' : ' Start its agent with: holdfast agent'}`);
    }));
};

/** On a terminal only: a script says it with --allow, or later with "holdfast approve". */
async function askFolders(cli: Cli): Promise<string[]> {
  const { askLine, canAsk } = await import('../terminal/prompt.js');
  if (cli.json || cli.quiet || !canAsk(cli)) return [];
  const text = await askLine(cli, `Which folders may this hub back up without asking? Names with commas between them, or just Enter to be asked with each job\n[${os.homedir()} is yours]: `);
  return text.split(',').map((folder) => folder.trim()).filter((folder) => folder !== '');
}

type Joined = { hub: string; name: string; running: boolean };

/** @returns null when no agent runs. */
async function joinThroughAgent(cli: Cli, link: string, allow: string[]): Promise<Joined | null> {
  try {
    return await withAgent(cli, async (control) => ({ ...await control.call('join', { link, allow }), running: true }));
  } catch (thrown) {
    if (asHoldfastError(thrown).code === 'not-found') return null;
    throw thrown;
  }
}

/** Under the folder's lock, so that no agent starts meanwhile. */
async function joinAlone(cli: Cli, link: string, allow: readonly string[]): Promise<Joined> {
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
    const joined = await membership.join(link);
    if (allow.length > 0) await (await import('../agent/allow-alone.js')).allowFoldersUnderLock(paths, settings, allow);
    return { ...joined, running: false };
  } finally {
    lock.release();
  }
}
