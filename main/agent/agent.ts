/**
 * The agent: keeps the tunnel, runs the hub's jobs by their schedule or by order, remembers what happened and tells it.
 * All of the world comes in through ports; this file only connects the rooms.
 */
import { controlMethods, type AgentControl, type AgentState, type ControlEvents, type ControlMethod, type ControlParams, type ControlResult } from '../shared/control.js';
import { copiesOf, destinationsOf } from '../shared/copies.js';
import { drillText } from '../shared/drill.js';
import { asHoldfastError, HoldfastError } from '../shared/errors.js';
import type { Destination, Job, LogEntry } from '../shared/model.js';
import { Activity } from './activity.js';
import { Care } from './care/care.js';
import { CareStep } from './care/care-step.js';
import type { Handlers } from './control/contract.js';
import { controlHandlers } from './control/handlers.js';
import { cancelOrdered, hubRequests, startOrdered, type Requests } from './control/requests.js';
import { CopyStep } from './copies/copy-step.js';
import { copyOwedSince, owedSince } from './destinations/disks.js';
import { Repositories } from './destinations/repositories.js';
import { Drills } from './drill/drills.js';
import { Escrow } from './escrow/escrow.js';
import { seal } from './escrow/seal.js';
import { HookStep } from './hooks/hook-step.js';
import { JobSet } from './jobs/job-set.js';
import { Membership } from './membership.js';
import { Memory } from './memory.js';
import { obstacle } from './obstacle.js';
import type { AgentOptions } from './options.js';
import type { AgentParts } from './parts.js';
import { ConsentStep } from './policy/consent-step.js';
import { LocalConsent } from './policy/local-consent.js';
import { ConsentReport } from './policy/report.js';
import type { RepositoryAccess } from './ports.js';
import { Restores } from './restore/restores.js';
import { Snapshots } from './restore/snapshots.js';
import { ForgetStep } from './retention/forget-step.js';
import { RunStore } from './runs/run-store.js';
import { Runner } from './runs/runner.js';
import { Scheduler } from './schedule/scheduler.js';
import { SourcePasswords } from './sources/passwords.js';
import { Telling } from './telling.js';
import type { Tunnel } from './tunnel-port.js';
import { agentState } from './view.js';

export type { AgentOptions } from './options.js';

export interface Agent extends AgentControl {
  /** Settles what a crash left, connects, and watches the schedule. */
  start(): Promise<void>;
  /** Ends runs cleanly and closes the tunnel. The agent cannot be started again. */
  close(): Promise<void>;
}

export function createAgent(options: AgentOptions): Agent {
  return new AgentCore(options);
}

class AgentCore implements Agent {
  private readonly parts: AgentParts;
  private readonly handlers: Handlers;
  private readonly requests: Requests;
  private readonly telling: Telling;
  private readonly report: ConsentReport;
  private readonly endings: (() => void)[] = [];
  private closing = false;

  constructor(private readonly options: AgentOptions) {
    const { clock, engine, journal, logger, power } = options;
    this.telling = new Telling(clock, () => agentState(this.parts));
    const changed = (): void => this.telling.changed();
    const memory = new Memory(options.settings, changed);
    const jobs = new JobSet(options.jobs);
    const runs = new RunStore(options.runs);
    const prepared = new Map<string, Destination>();
    const membership = new Membership({ settings: options.settings, secrets: options.secrets, enrol: options.enrol, computer: options, givenIdentity: options.givenIdentity });
    const tunnel = this.createTunnel(() => jobs.revision);
    const repositories = new Repositories({
      clock, engine, secrets: options.secrets, givenPassword: options.givenPassword, randomInt: options.randomInt, identity: () => membership.identity(),
      askCredentials: () => tunnel.request('storage.credentials', {}),
      volumes: options.disks,
      known: () => memory.settings.disks,
      remember: (change) => memory.update((settings) => ({ disks: change(settings.disks) })),
    });
    const escrow = new Escrow({
      logger, seal,
      consent: () => memory.settings.recovery,
      remember: (recovery) => memory.remember({ recovery }),
      offers: () => tunnel.request('hub.offers', {}),
      send: (passwords) => tunnel.request('escrow.seal', { passwords }),
      destinations: () => [...jobs.all.flatMap(destinationsOf), ...prepared.values()],
      password: (destinationId) => repositories.vault.password(destinationId),
    });
    const hub = (): { readonly url: string; readonly fingerprint: string | null } | null => options.givenIdentity ?? memory.settings.hub;
    const consent = new LocalConsent({
      logger, document: options.policy, computer: options.policyComputer,
      jobs: () => jobs.all,
      hub: () => hub()?.fingerprint ?? hub()?.url ?? null,
      isOwnHub: () => options.isOwnHub(hub()?.fingerprint ?? null),
      now: () => new Date(clock.now()).toISOString(),
      restores: () => restores.waiting,
      answerRestore: (id, answer) => restores.answer(id, answer),
      changed: () => {
        this.report.tell();
        scheduler.look();
        changed();
      },
    });
    this.report = new ConsentReport({ logger, tunnel: () => tunnel, held: () => consent.held });
    const openRepository = async (job: Job): Promise<RepositoryAccess> => {
      const used = runs.newestGoodOf(job.id) !== null;
      return repositories.open(job.destination, used).finally(() => void escrow.look());
    };
    const obstacleOf = (job: Job): Promise<string | null> => obstacle(job, { power, consent, repositories, memory });
    const care = new Care({ ...options.care, engine, changed, jobs: () => jobs.all, now: () => new Date(clock.now()).toISOString() });
    const forget = new ForgetStep(engine, consent, care);
    const copies = new CopyStep({
      engine, forget,
      open: (copy, used, like) => repositories.open(copy, used, like).finally(() => void escrow.look()),
      used: (job, copy) => copiesOf(job, runs.of(job.id)).some(({ destinationId, madeAt }) => destinationId === copy.id && madeAt !== null),
      explain: (copy, thrown) => repositories.disks.explain(copy, thrown),
      isAway: (copy) => (repositories.disks.known(copy)?.awaySince ?? null) !== null,
    });
    const runner = new Runner({
      clock, engine, journal, logger, changed, openRepository,
      store: runs,
      steps: [new ConsentStep(consent), new HookStep(options.hooks, consent), new CareStep(care, (jobId) => runs.newestGoodOf(jobId)?.result ?? null), forget, copies],
      host: options.host,
      explain: (job, thrown) => repositories.disks.explain(job.destination, thrown),
      gentle: async (trigger) => trigger !== 'manual' && trigger !== 'first' && (await power.isOnBattery()),
      ended: () => scheduler.look(),
    });
    const scheduler = new Scheduler({
      clock, changed,
      jobs: () => jobs.all,
      lastStartedAt: (jobId) => {
        const run = runs.newestOf(jobId);
        return run === null ? null : Date.parse(run.startedAt ?? run.queuedAt);
      },
      owedSince: (job) => runs.owedSince(job.id) ?? owedSince(runs.newestOf(job.id), repositories.disks.known(job.destination))
        ?? copyOwedSince(runs.newestOf(job.id), job.copies.map((copy) => ({ id: copy.id, disk: repositories.disks.known(copy) }))),
      isBusy: (jobId) => runner.isBusy(jobId),
      obstacle: obstacleOf,
      start: (job, trigger) => void runner.start(job, trigger, options.newId()),
    });
    const drills = new Drills({
      clock, logger, engine, changed, openRepository,
      history: options.drills.history,
      jobs: () => jobs.all,
      firstGoodAt: (jobId) => runs.firstGoodAt(jobId),
      newestGoodRun: (jobId) => runs.newestGoodOf(jobId)?.id ?? null,
      obstacle: obstacleOf,
      isBusy: (jobId) => runner.isBusy(jobId),
      inTurn: (url, work) => runner.inTurn(url, work),
      drill: (repository, snapshotId, signal) => options.drills.carryOut(repository, snapshotId, signal),
      tell: (runId, jobId, drill) => journal.record(runId, jobId, {
        type: 'log', level: drill.outcome === 'proven' ? 'info' : drill.outcome === 'failed' ? 'error' : 'warn', message: drillText(drill).slice(0, 8192), drill,
      }),
    });
    const activity = new Activity({ clock, logger, memory, membership, tunnel, changed, timed: [scheduler, drills] });
    const sourcePasswords = new SourcePasswords(options.secrets);
    // Whoever restores wants what is there: no repository is made by looking for one.
    const openToRead = (job: Job): Promise<RepositoryAccess> => repositories.open(job.destination, true);
    const snapshots = new Snapshots({ clock, engine, reader: options.reader, openRepository: openToRead });
    const restores = new Restores({
      clock, logger, changed, snapshots, reader: options.reader, host: options.toolHost, newId: options.newId, openRepository: openToRead,
      password: (target) => sourcePasswords.get(target),
    });
    this.parts = { options, memory, activity, jobs, runs, membership, repositories, escrow, sourcePasswords, consent, runner, care, scheduler, drills, snapshots, restores, tunnel, prepared, openRepository };
    this.handlers = controlHandlers(this.parts);
    this.requests = hubRequests(this.parts);
  }

  async start(): Promise<void> {
    const { activity, consent, jobs, repositories, runner, runs, scheduler, tunnel } = this.parts;
    await consent.open(jobs.all.filter((job) => runs.newestGoodOf(job.id) !== null));
    await runner.settleInterrupted();
    await this.options.drills.removeLeftovers();
    const { disks, power } = this.options;
    await repositories.disks.look().catch((error: unknown) => this.options.logger.log('warn', asHoldfastError(error).message));
    const nudge = (): void => {
      tunnel.nudge();
      scheduler.look();
    };
    const diskCameOrWent = (): void => void repositories.disks.look().catch(() => undefined).finally(() => scheduler.look());
    this.endings.push(power.onWake(nudge), power.onNetworkChange(nudge), disks.watch(diskCameOrWent));
    this.telling.watchAges();
    await activity.begin();
  }

  async close(): Promise<void> {
    if (this.closing) return;
    this.closing = true;
    const { activity, drills, restores, runner, tunnel } = this.parts;
    this.telling.close();
    activity.close();
    for (const end of this.endings) end();
    await restores.close();
    await drills.close();
    await runner.close();
    await tunnel.stop('paused');
    await this.options.engine.close();
  }

  async call<M extends ControlMethod>(method: M, params: ControlParams<M>): Promise<ControlResult<M>> {
    const parsed = controlMethods[method].params.safeParse(params);
    if (!parsed.success) {
      throw new HoldfastError('usage', `That request is not complete: ${parsed.error.issues.map((issue) => issue.message).join('; ')}.`);
    }
    const handler = this.handlers[method] as (params: unknown) => Promise<ControlResult<M>> | ControlResult<M>;
    return handler(parsed.data);
  }

  on<E extends keyof ControlEvents>(event: E, listener: (payload: ControlEvents[E]) => void): () => void {
    if (event === 'log') return this.options.logs.on(listener as (entry: LogEntry) => void);
    return this.telling.on(listener as (state: AgentState) => void);
  }

  private createTunnel(jobsRevision: () => number): Tunnel {
    const changed = (): void => this.telling.changed();
    return this.options.createTunnel({
      connection: ({ state }) => {
        if (state === 'connected') this.connected();
        changed();
      },
      jobs: async (revision, jobs) => {
        await this.parts.jobs.replace(revision, jobs);
        void this.parts.consent.review();
        this.parts.scheduler.look();
        changed();
      },
      runStart: (runId, jobId) => startOrdered(this.parts, runId, jobId),
      runCancel: (runId) => cancelOrdered(this.parts, runId),
      request: (method, params, signal) => this.requests[method](params, signal),
    }, jobsRevision);
  }

  private connected(): void {
    void this.parts.escrow.connected();
    void this.parts.consent.review().then(() => this.report.tell());
  }
}
