/**
 * The one way an agent comes to run, in the app and under plain Node: takes the folder's lock, opens what is on disk, puts the
 * core and its adapters together and lets others attach. Where an agent runs already, attaches to it instead.
 */
import { randomBytes, randomInt } from 'node:crypto';
import os from 'node:os';
import path from 'node:path';
import { createAgent, type Agent } from '../../agent/agent.js';
import { openJournal } from '../../agent/journal/journal.js';
import { emptyJobSet, jobSetSchema } from '../../agent/jobs/job-set.js';
import type { Disks, PowerAndNetwork, SecretStore } from '../../agent/ports.js';
import { SourcePasswords } from '../../agent/sources/passwords.js';
import { createTunnel, dialWebSocket, enrolAtHub } from '../../agent/tunnel/index.js';
import type { TunnelIdentity } from '../../agent/tunnel-port.js';
import { systemVolumes } from '../../backup/destination/volume/system.js';
import { localHost } from '../../backup/source/process/host.js';
import { removeLeftFolders } from '../../backup/source/process/private-folder.js';
import type { AgentControl } from '../../shared/control.js';
import { asHoldfastError, HoldfastError } from '../../shared/errors.js';
import type { LogEntry } from '../../shared/model.js';
import { systemClock, timezone } from '../clock.js';
import { busyCompilers, type Compilers } from '../engine/compilers.js';
import { createAgentEngine } from '../engine/engine.js';
import { openAppendLog } from '../files/append-log.js';
import { openDocument } from '../files/document.js';
import { openCare } from '../care/care.js';
import { openDrills } from '../drills/drills.js';
import { openHooks } from '../hooks/run-hook.js';
import { connectAgentControl, type AttachedControl } from '../local-socket/client.js';
import { serveAgentControl } from '../local-socket/server.js';
import { lockFolder, lockHolder, type FolderLock } from '../lock/lock.js';
import { openLogging, type Logging } from '../logging/logging.js';
import type { Paths } from '../paths/paths.js';
import { policyComputer } from '../policy/computer.js';
import { openPolicy } from '../policy/document.js';
import { isOwnHub } from '../policy/own-hub.js';
import { openPower } from '../power/power.js';
import { openSecrets } from '../secrets/index.js';
import { agentSettings, type Settings } from '../settings/settings.js';

export interface StartAgentOptions {
  readonly paths: Paths;
  readonly settings: Settings;
  readonly env: NodeJS.ProcessEnv;
  /** Of this program, e.g. 0.1.0. */
  readonly version: string;
  /** Called once the lock is held and before the agent connects: an embedded hub starts here, so that the first attempt finds it. */
  readonly beforeConnect?: (host: AgentHost) => Promise<void>;
  /** Who this computer is, where that was given on the command line, in agent.conf or in the environment; it is not stored. */
  readonly givenIdentity?: TunnelIdentity | null;
  /** Adds sources of wake events to this computer's own. */
  readonly power?: (own: PowerAndNetwork) => PowerAndNetwork;
  /** In place of this computer's own. */
  readonly disks?: Disks;
  /** Called with each log line, e.g. to print it. */
  readonly sink?: (entry: LogEntry) => void;
  /** For a process that has nothing to do but its agent; they are always on otherwise. */
  readonly compilers?: Compilers;
  /** Whether another version lies where this program was started from, and will soon run instead. */
  readonly replaced?: () => Promise<boolean>;
  /** Attach to an agent that runs already? Otherwise that is an error. */
  readonly attach?: boolean;
}

/** What is there before the agent itself. */
export interface AgentHost {
  readonly logging: Logging;
  readonly secrets: SecretStore;
}

export type StartedAgent =
  | { readonly attached: true; readonly control: AttachedControl; close(): Promise<void> }
  | { readonly attached: false; readonly control: AgentControl; readonly logging: Logging; readonly secrets: SecretStore; close(): Promise<void> };

/** ms that an agent which holds the lock has until its socket answers. */
const patience = 15_000;
const tryAgainAfter = 100;

/**
 * Call `makeFolders(paths)` and open the settings first.
 * @throws HoldfastError with what keeps the agent from starting; `already-running` unless `attach`.
 */
export async function startAgent(options: StartAgentOptions): Promise<StartedAgent> {
  const { attach = true, paths } = options;
  for (const deadline = Date.now() + patience; ;) {
    const lock = await lockFolder(paths.lockFile);
    if (lock !== null) {
      try {
        return await run(options, lock);
      } catch (error) {
        lock.release();
        throw error;
      }
    }
    const holder = lockHolder(paths.lockFile);
    const who = holder === null ? '' : ` (process ${holder})`;
    if (!attach) throw new HoldfastError('already-running', `An agent${who} is running for ${paths.dataFolder} already. Use it, end it first, or name another folder in HOLDFAST_DATA.`);
    try {
      const control = await connectAgentControl(paths.dataFolder);
      return { attached: true, control, close: () => Promise.resolve(control.close()) };
    } catch (thrown) {
      // It may be just starting, or just ending: then the lock is free in a moment.
      const starting = thrown instanceof HoldfastError && thrown.code === 'not-found';
      if (!starting) throw thrown;
      if (Date.now() > deadline) throw new HoldfastError('already-running', `An agent${who} is running for ${paths.dataFolder} but does not answer. End it and start again.`, { cause: thrown });
    }
    await new Promise((resolve) => setTimeout(resolve, tryAgainAfter));
  }
}

/** Things to end, in the reverse of the order in which they began. */
class Endings {
  private readonly steps: (() => void | Promise<void>)[] = [];
  add(step: () => void | Promise<void>): void {
    this.steps.push(step);
  }
  async run(): Promise<void> {
    const troubles: unknown[] = [];
    for (const step of this.steps.splice(0).reverse()) {
      try {
        await step();
      } catch (error) {
        troubles.push(error); // the rest must end all the same
      }
    }
    if (troubles.length > 0) throw asHoldfastError(troubles[0]);
  }
}

async function run(options: StartAgentOptions, lock: FolderLock): Promise<StartedAgent> {
  const { env, paths, settings, sink } = options;
  const endings = new Endings();
  endings.add(() => lock.release());
  try {
    const logging = openLogging({ folder: paths.logFolder, ...(sink === undefined ? {} : { sink }) });
    endings.add(() => logging.close());
    const logger = logging.scoped('agent');
    const secrets = await openSecrets({ env, paths, settings, say: (message) => logger.log('warn', message) });
    await options.beforeConnect?.({ logging, secrets });
    const { agent } = await assemble(options, { logging, secrets }, endings);
    endings.add(() => agent.close());
    await agent.start();
    const server = await serveAgentControl(paths.dataFolder, agent);
    endings.add(() => server.close());
    let closing: Promise<void> | null = null;
    return { attached: false, control: agent, logging, secrets, close: () => (closing ??= endings.run()) };
  } catch (error) {
    await endings.run().catch(() => undefined);
    throw error;
  }
}

async function assemble(options: StartAgentOptions, { logging, secrets }: AgentHost, endings: Endings): Promise<{ agent: Agent }> {
  const { env, givenIdentity, paths, settings, version } = options;
  const logger = logging.scoped('agent');
  const tunnelLogger = logging.scoped('tunnel');
  const onDamage = (message: string): void => logger.log('warn', message);
  const newId = (): string => randomBytes(10).toString('hex');

  const runs = await openAppendLog(paths.runsFile, { onDamage });
  endings.add(() => runs.close());
  const journal = openJournal({ log: await openAppendLog(paths.journalFile, { onDamage }), clock: systemClock, newId, logger: tunnelLogger });
  endings.add(() => journal.close());
  const jobs = await openDocument({
    file: paths.jobsFile, schema: jobSetSchema, initial: emptyJobSet, remedy: 'Move it away and start again; the hub then sends the jobs anew.',
  });
  const policy = await openPolicy(paths);
  const hooks = await openHooks({ folder: paths.hooksFolder, env });
  const own = openPower(env);
  endings.add(() => own.close());
  const passwords = new SourcePasswords(secrets);
  const engine = createAgentEngine({
    // Not through the engine's index: this thread needs the door to the engine's thread and nothing behind it.
    open: async () => (await import('../../backup/thread/engine.js')).createEngine(),
    logger: logging.scoped('engine'),
    compilers: options.compilers ?? busyCompilers,
    sources: { env, password: (target) => passwords.get(target) },
    cacheFolder: path.join(paths.cacheFolder, 'repositories'),
    ...(options.replaced && { replaced: options.replaced }),
  });
  if ((await removeLeftFolders(env)) > 0) logger.log('info', 'Removed private files of tools that an interrupted backup left');
  const drills = await openDrills({ paths, env, logger, reader: engine.reader });
  const computer = { host: os.hostname(), os: process.platform, arch: process.arch, version };
  const agent = createAgent({
    ...computer,
    pid: process.pid,
    dataFolder: paths.dataFolder,
    clock: systemClock,
    logger,
    logs: logging.reader,
    settings: agentSettings(settings),
    reader: engine.reader,
    toolHost: localHost(env),
    care: await openCare(paths),
    jobs, runs, drills, journal, secrets, engine, policy, hooks, policyComputer,
    isOwnHub: (fingerprint) => isOwnHub(fingerprint, paths.hubFolder),
    power: options.power?.(own) ?? own,
    disks: options.disks ?? systemVolumes(),
    discover: async (folders) => (await import('../../backup/source/discover/discover.js')).discover({ env, folders }),
    createTunnel: (events, jobsRevision) => createTunnel({
      dial: dialWebSocket,
      clock: systemClock,
      random: () => randomInt(2 ** 32) / 2 ** 32,
      logger: tunnelLogger,
      journal,
      hello: () => ({ ...computer, capabilities: [], jobsRevision: jobsRevision(), timezone: timezone(env) }),
      events,
    }),
    enrol: enrolAtHub,
    // On a server without a keychain the owner may keep the repository's password in the service's environment.
    givenPassword: secrets.kind === 'file' ? (env['HOLDFAST_PASSWORD'] || null) : null,
    givenIdentity: givenIdentity ?? null,
    newId,
    randomInt: (below) => randomInt(below),
  });
  return { agent };
}
