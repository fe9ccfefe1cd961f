/** The command line put together. What a command does is in its own file. */
import { Command, CommanderError, Option } from 'commander';
import { readVersion } from './version.js';
import { asHoldfastError, exitCodeFor, HoldfastError } from '../shared/errors.js';
import { register as agent } from './commands/agent.js';
import { register as agents } from './commands/agents.js';
import { register as alerts } from './commands/alerts.js';
import { register as approve } from './commands/approve.js';
import { register as backup } from './commands/backup.js';
import { register as check } from './commands/check.js';
import { register as copy } from './commands/copy.js';
import { register as destination } from './commands/destination.js';
import { register as diff } from './commands/diff.js';
import { register as discover } from './commands/discover.js';
import { register as doctor } from './commands/doctor.js';
import { register as drill } from './commands/drill.js';
import { register as dump } from './commands/dump.js';
import { register as escrow } from './commands/escrow.js';
import { register as find } from './commands/find.js';
import { register as forget } from './commands/forget.js';
import { register as hub } from './commands/hub.js';
import { register as init } from './commands/init.js';
import { register as job } from './commands/job.js';
import { register as join } from './commands/join.js';
import { register as key } from './commands/key.js';
import { register as logs } from './commands/logs.js';
import { register as ls } from './commands/ls.js';
import { register as prune } from './commands/prune.js';
import { register as recover } from './commands/recover.js';
import { register as recoveryKit } from './commands/recovery-kit.js';
import { register as repair } from './commands/repair.js';
import { register as restore } from './commands/restore.js';
import { register as secret } from './commands/secret.js';
import { register as service } from './commands/service.js';
import { register as setupToken } from './commands/setup-token.js';
import { register as snapshots } from './commands/snapshots.js';
import { register as start } from './commands/start.js';
import { register as storage } from './commands/storage.js';
import { register as stats } from './commands/stats.js';
import { register as status } from './commands/status.js';
import { register as tag } from './commands/tag.js';
import { register as uninstall } from './commands/uninstall.js';
import { register as unlock } from './commands/unlock.js';
import { Cli } from './cli.js';

/** In the order of the help. */
const commands = [
  init, backup, snapshots, ls, find, diff, restore, dump, check, forget, prune, tag, copy, unlock, repair, stats, key,
  hub, storage, escrow, recover, setupToken, agents, alerts, join, approve, agent, discover, job, destination, drill, secret, recoveryKit, status, logs, doctor, service, uninstall, start,
];

export function buildProgram(cli: Cli): Command {
  const program = new Command('holdfast')
    .description('Backs up this computer into repositories that restic can read, alone or for a hub.')
    .version(readVersion(), '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print this help')
    .helpCommand('help [command]', 'print the help of a command')
    .option('-r, --repo <url>', 'the repository: a folder, s3:…, sftp:… or rest:… (else HOLDFAST_REPOSITORY, RESTIC_REPOSITORY)')
    .option('-p, --password-file <file>', 'a file with its password (else HOLDFAST_PASSWORD, RESTIC_PASSWORD, the keychain)')
    .option('--data <dir>', 'keep everything of this user below this folder (else HOLDFAST_DATA)')
    .option('--json', 'print JSON')
    .option('-q, --quiet', 'print results and errors only')
    .addOption(new Option('--no-cache', 'keep no metadata of remote repositories on this computer'))
    .configureHelp({ showGlobalOptions: true })
    .exitOverride()
    .configureOutput({ writeOut: (text) => cli.write(text), writeErr: () => undefined });
  for (const register of commands) register(program, cli);
  return program;
}

/** Runs one command line to its end and exits. */
export async function runCommandLine(args: readonly string[]): Promise<void> {
  const cli = new Cli(process);
  cli.exit(await execute(cli, args));
}

async function execute(cli: Cli, args: readonly string[]): Promise<number> {
  const program = buildProgram(cli);
  cli.json = args.includes('--json');
  try {
    if (args.length === 0) {
      cli.write(program.helpInformation());
      return 2;
    }
    await program.parseAsync([...args], { from: 'user' });
    return cli.exitCode;
  } catch (thrown) {
    if (thrown instanceof CommanderError) {
      if (thrown.exitCode === 0) return 0;
      return cli.fail(new HoldfastError('usage', usageSentence(thrown)), 2);
    }
    const error = asHoldfastError(thrown);
    return cli.fail(error, error.code === 'cancelled' ? 130 : exitCodeFor(error.code));
  }
}

/** commander writes `error: unknown option '--x'\n(Did you mean --y?)`. */
function usageSentence({ code, message }: CommanderError): string {
  if (code === 'commander.help') return 'A command is missing. See: holdfast help';
  const [first = '', ...rest] = message.replace(/^error: /, '').split('\n');
  const hint = rest.join(' ').replace(/^\((.*)\)$/, ' $1').trimEnd();
  return `${first.charAt(0).toUpperCase()}${first.slice(1).replace(/\.$/, '')}.${hint === '' ? ' See --help.' : hint}`;
}
