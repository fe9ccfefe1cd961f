/** The command line put together. What a command does is in its own file. */
import { Command, CommanderError, Option } from 'commander';
import { readVersion } from './version.js';
import { asHoldfastError, exitCodeFor, HoldfastError } from '../shared/errors.js';
import { Cli, type Register } from './cli.js';

/** In the order of the help. Each is loaded when it is called: most commands, and the agent above all, need little of what the others load. */
const commands: Readonly<Record<string, () => Promise<{ register: Register }>>> = {
  init: () => import('./commands/init.js'),
  backup: () => import('./commands/backup.js'),
  snapshots: () => import('./commands/snapshots.js'),
  ls: () => import('./commands/ls.js'),
  find: () => import('./commands/find.js'),
  diff: () => import('./commands/diff.js'),
  restore: () => import('./commands/restore.js'),
  dump: () => import('./commands/dump.js'),
  check: () => import('./commands/check.js'),
  forget: () => import('./commands/forget.js'),
  prune: () => import('./commands/prune.js'),
  tag: () => import('./commands/tag.js'),
  copy: () => import('./commands/copy.js'),
  unlock: () => import('./commands/unlock.js'),
  repair: () => import('./commands/repair.js'),
  stats: () => import('./commands/stats.js'),
  key: () => import('./commands/key.js'),
  hub: () => import('./commands/hub.js'),
  'hub-storage': () => import('./commands/storage.js'),
  escrow: () => import('./commands/escrow.js'),
  recover: () => import('./commands/recover.js'),
  'setup-token': () => import('./commands/setup-token.js'),
  agents: () => import('./commands/agents.js'),
  alerts: () => import('./commands/alerts.js'),
  join: () => import('./commands/join.js'),
  approve: () => import('./commands/approve.js'),
  agent: () => import('./commands/agent.js'),
  discover: () => import('./commands/discover.js'),
  job: () => import('./commands/job.js'),
  destination: () => import('./commands/destination.js'),
  drill: () => import('./commands/drill.js'),
  secret: () => import('./commands/secret.js'),
  'recovery-kit': () => import('./commands/recovery-kit.js'),
  status: () => import('./commands/status.js'),
  logs: () => import('./commands/logs.js'),
  doctor: () => import('./commands/doctor.js'),
  service: () => import('./commands/service.js'),
  uninstall: () => import('./commands/uninstall.js'),
  start: () => import('./commands/start.js'),
};

/** Options before the command whose next word is their value. */
const withValue = ['-r', '--repo', '-p', '--password-file', '--data'];

/** @returns the command that a command line names, also after `help`; undefined where commander has to look at all of them. */
function namedCommand(args: readonly string[]): string | undefined {
  for (let at = 0; at < args.length; at += 1) {
    const word = args[at] ?? '';
    if (withValue.includes(word)) at += 1;
    else if (!word.startsWith('-') && word !== 'help') return Object.hasOwn(commands, word) ? word : undefined;
  }
  return undefined;
}

async function buildProgram(cli: Cli, args: readonly string[]): Promise<Command> {
  const named = namedCommand(args);
  const modules = await Promise.all((named === undefined ? Object.keys(commands) : [named]).map((name) => commands[name]?.()));
  const program = new Command('holdfast')
    .description('Backs up this computer into repositories that restic can read, alone or for a hub.')
    .version(readVersion(), '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print this help')
    .helpCommand('help [command]', 'print the help of a command')
    .option('-r, --repo <url>', 'the repository: a folder, s3:…, sftp:… or rest:… (else HOLDFAST_REPOSITORY, RESTIC_REPOSITORY)')
    .option('-p, --password-file <file>', 'a file with its password (else HOLDFAST_PASSWORD, RESTIC_PASSWORD, the keychain)')
    .option('--data <dir>', 'keep everything of this user below this folder (else HOLDFAST_DATA)')
    .option('--settings <file>', 'settings of the destination, a line name=value for each (see docs/destinations.md)')
    .option('--limit-upload <KiB/s>', 'send no faster than this')
    .option('--limit-download <KiB/s>', 'receive no faster than this')
    .option('-v, --verbose', 'print each operation at the destination on standard error')
    .option('--json', 'print JSON')
    .option('-q, --quiet', 'print results and errors only')
    .addOption(new Option('--no-cache', 'keep no metadata of remote repositories on this computer'))
    .configureHelp({ showGlobalOptions: true })
    .exitOverride()
    .configureOutput({ writeOut: (text) => cli.write(text), writeErr: () => undefined });
  for (const module of modules) module?.register(program, cli);
  return program;
}

/** Runs one command line to its end and exits. */
export async function runCommandLine(args: readonly string[]): Promise<void> {
  const cli = new Cli(process);
  cli.exit(await execute(cli, args));
}

async function execute(cli: Cli, args: readonly string[]): Promise<number> {
  const program = await buildProgram(cli, args);
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
    if (cli.isUnheard && error.code === 'cancelled') return 0;
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
