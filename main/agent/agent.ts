/**
 * The agent: keeps the tunnel, runs the hub's jobs by their schedule or by order, remembers what happened and tells it.
 * All of the world comes in through ports; this file only connects the rooms.
 */
import { asHoldfastError, HoldfastError } from '../shared/errors.js';
import {
  controlMethods, type AgentControl, type AgentState, type ControlEvents, type ControlMethod, type ControlParams, type ControlResult, type RecoveryKit,
} from '../shared/control.js';
import type { Discovery } from '../shared/discovery.js';
import type { EnrolRequest, EnrolResponse } from '../shared/protocol/enrolment.js';
import type { HubLink } from '../shared/protocol/link.js';
import type { AgentMethods, ParamsOf, ResultOf } from '../shared/protocol/methods.js';
import type { Destination, Job, LogEntry } from '../shared/model.js';
import { Repositories } from './destinations/repositories.js';
import { Escrow } from './escrow/escrow.js';
import { seal } from './escrow/seal.js';
import { HookStep } from './hooks/hook-step.js';
import type { Hooks } from './hooks/ports.js';
import type { DrillFinding } from './drill/drill.js';
import { Drills, type DrillHistory } from './drill/drills.js';
import { JobSet, type JobSetData } from './jobs/job-set.js';
import { Membership } from './membership.js';
import { ConsentStep } from './policy/consent-step.js';
import { LocalConsent, type PolicyComputer } from './policy/local-consent.js';
import type { StoredPolicy } from './policy/policy.js';
import { ConsentReport } from './policy/report.js';
import type { AppendLog, Clock, Document, Engine, Logger, PowerAndNetwork, RepositoryAccess, SecretStore } from './ports.js';
import { RunStore } from './runs/run-store.js';
import { ForgetStep } from './retention/forget-step.js';
import { jobTag } from './runs/job-tag.js';
import { Runner } from './runs/runner.js';
import { drillText } from '../shared/drill.js';
import { checkSchedule } from './schedule/schedule.js';
import { Scheduler } from './schedule/scheduler.js';
import { SourcePasswords } from './sources/passwords.js';
import type { AgentSettings } from './settings.js';
import type { Journal, Tunnel, TunnelEvents, TunnelIdentity } from './tunnel-port.js';
import { agentState } from './view.js';

/** Screens are told of changes at most this often, ms. */
const tellEvery = 250;
/** Ages grow and schedules fall due without an event; look this often, ms. */
const ageEvery = 60_000;

export interface AgentOptions {
  readonly version: string;
  readonly host: string;
  readonly os: string;
  readonly arch: string;
  readonly pid: number;
  readonly dataFolder: string;
  readonly clock: Clock;
  readonly logger: Logger;
  /** What the Logs screen reads, and its new lines. */
  readonly logs: { read(after: number, limit: number, level: LogEntry['level']): LogEntry[]; on(listener: (entry: LogEntry) => void): () => void };
  readonly settings: Document<AgentSettings>;
  readonly jobs: Document<JobSetData>;
  readonly policy: Document<StoredPolicy>;
  readonly policyComputer: PolicyComputer;
  /** Is the hub with this certificate (SHA-256, null when none is pinned) proven to be run by this same user on this computer? */
  readonly isOwnHub: (fingerprint: string | null) => Promise<boolean>;
  readonly hooks: Hooks;
  readonly drills: {
    readonly history: Document<DrillHistory>;
    /** What a drill of this snapshot finds. */
    carryOut(repository: RepositoryAccess, snapshotId: string, signal: AbortSignal): Promise<DrillFinding>;
    /** Removes what drills of an agent left that was killed. */
    removeLeftovers(): Promise<void>;
  };
  readonly runs: AppendLog;
  readonly journal: Journal;
  readonly secrets: SecretStore;
  readonly engine: Engine;
  /** What of this computer, and below these folders, a job could back up. */
  readonly discover: (folders: readonly string[]) => Promise<Discovery>;
  readonly power: PowerAndNetwork;
  readonly createTunnel: (events: TunnelEvents, jobsRevision: () => number) => Tunnel;
  /** Trades a setup token for an agent token at the hub of `link`. */
  readonly enrol: (link: HubLink, request: EnrolRequest) => Promise<EnrolResponse>;
  /** A repository password from the environment; null when none was given. */
  readonly givenPassword: string | null;
  /** An agent token from the command line, agent.conf or the environment; it goes before the stored one and is not stored. */
  readonly givenIdentity: TunnelIdentity | null;
  readonly newId: () => string;
  /** Uniform in [0, below), from a cryptographic source. */
  readonly randomInt: (below: number) => number;
}

export interface Agent extends AgentControl {
  /** Settles what a crash left, connects, and watches the schedule. */
  start(): Promise<void>;
  /** Ends runs cleanly and closes the tunnel. The agent cannot be started again. */
  close(): Promise<void>;
}

export function createAgent(options: AgentOptions): Agent {
  return new AgentCore(options);
}

type Handlers = { [M in ControlMethod]: (params: ReturnType<(typeof controlMethods)[M]['params']['parse']>) => Promise<ControlResult<M>> | ControlResult<M> };

type Requests = { [M in keyof AgentMethods]: (params: ParamsOf<AgentMethods, M>, signal: AbortSignal) => Promise<ResultOf<AgentMethods, M>> };

class AgentCore implements Agent {
  private readonly jobs: JobSet;
  private readonly runs: RunStore;
  private readonly membership: Membership;
  private readonly repositories: Repositories;
  private readonly escrow: Escrow;
  private readonly sourcePasswords: SourcePasswords;
  private readonly consent: LocalConsent;
  private readonly report: ConsentReport;
  private readonly runner: Runner;
  private readonly scheduler: Scheduler;
  private readonly drills: Drills;
  private readonly tunnel: Tunnel;
  private readonly listeners = new Set<(state: AgentState) => void>();
  private readonly endings: (() => void)[] = [];
  /** Destinations made ready for a job that is not created yet; their recovery kit may be asked for. */
  private readonly prepared = new Map<string, Destination>();
  private resumeTimer: (() => void) | null = null;
  private tellTimer: (() => void) | null = null;
  private lastTold = '';
  private closing = false;

  constructor(private readonly options: AgentOptions) {
    const { clock, engine, journal, logger, power } = options;
    const changed = (): void => this.changed();
    this.jobs = new JobSet(options.jobs);
    this.runs = new RunStore(options.runs);
    this.membership = new Membership({ settings: options.settings, secrets: options.secrets, enrol: options.enrol, computer: options, givenIdentity: options.givenIdentity });
    this.repositories = new Repositories({
      clock, engine, secrets: options.secrets, givenPassword: options.givenPassword, randomInt: options.randomInt, identity: () => this.membership.identity(),
      askCredentials: () => this.tunnel.request('storage.credentials', {}),
    });
    this.escrow = new Escrow({
      logger, seal,
      consent: () => this.settings.recovery,
      remember: (recovery) => this.remember({ recovery }),
      offers: () => this.tunnel.request('hub.offers', {}),
      send: (passwords) => this.tunnel.request('escrow.seal', { passwords }),
      destinations: () => [...this.jobs.all.map((job) => job.destination), ...this.prepared.values()],
      password: (destinationId) => this.repositories.vault.password(destinationId),
    });
    this.sourcePasswords = new SourcePasswords(options.secrets);
    this.consent = new LocalConsent({
      logger, document: options.policy, computer: options.policyComputer,
      jobs: () => this.jobs.all,
      hub: () => this.hub()?.fingerprint ?? this.hub()?.url ?? null,
      isOwnHub: () => options.isOwnHub(this.hub()?.fingerprint ?? null),
      now: () => this.now(),
      changed: () => {
        this.report.tell();
        this.scheduler.look();
        this.changed();
      },
    });
    this.report = new ConsentReport({ logger, tunnel: () => this.tunnel, held: () => this.consent.held });
    this.runner = new Runner({
      clock, engine, journal, logger, changed,
      store: this.runs,
      steps: [new ConsentStep(this.consent), new HookStep(options.hooks, this.consent), new ForgetStep(engine, this.consent)],
      host: options.host,
      openRepository: (job) => this.openRepository(job),
      gentle: async (trigger) => trigger !== 'manual' && trigger !== 'first' && (await power.isOnBattery()),
      ended: () => this.scheduler.look(),
    });
    this.scheduler = new Scheduler({
      clock, changed,
      jobs: () => this.jobs.all,
      lastStartedAt: (jobId) => {
        const run = this.runs.newestOf(jobId);
        return run === null ? null : Date.parse(run.startedAt ?? run.queuedAt);
      },
      isBusy: (jobId) => this.runner.isBusy(jobId),
      obstacle: (job) => this.obstacle(job),
      start: (job, trigger) => void this.runner.start(job, trigger, options.newId()),
    });
    this.drills = new Drills({
      clock, logger, engine, changed,
      history: options.drills.history,
      jobs: () => this.jobs.all,
      firstGoodAt: (jobId) => this.runs.firstGoodAt(jobId),
      newestGoodRun: (jobId) => this.runs.newestGoodOf(jobId)?.id ?? null,
      obstacle: (job) => this.obstacle(job),
      isBusy: (jobId) => this.runner.isBusy(jobId),
      openRepository: (job) => this.openRepository(job),
      inTurn: (url, work) => this.runner.inTurn(url, work),
      drill: (repository, snapshotId, signal) => options.drills.carryOut(repository, snapshotId, signal),
      tell: (runId, jobId, drill) => journal.record(runId, jobId, {
        type: 'log', level: drill.outcome === 'proven' ? 'info' : drill.outcome === 'failed' ? 'error' : 'warn', message: drillText(drill).slice(0, 8192), drill,
      }),
    });
    this.tunnel = options.createTunnel({
      connection: ({ state }) => {
        if (state !== 'connected') return this.changed();
        void this.escrow.connected();
        void this.consent.review().then(() => this.report.tell());
        this.changed();
      },
      jobs: async (revision, jobs) => {
        await this.jobs.replace(revision, jobs);
        void this.consent.review();
        this.scheduler.look();
        this.changed();
      },
      runStart: (runId, jobId) => this.startOrdered(runId, jobId),
      runCancel: (runId) => this.cancelOrdered(runId),
      request: (method, params, signal) => this.requests[method](params, signal),
    }, () => this.jobs.revision);
  }

  async start(): Promise<void> {
    await this.consent.open(this.jobs.all.filter((job) => this.runs.newestGoodOf(job.id) !== null));
    await this.runner.settleInterrupted();
    await this.options.drills.removeLeftovers();
    const { power } = this.options;
    const nudge = (): void => {
      this.tunnel.nudge();
      this.scheduler.look();
    };
    this.endings.push(power.onWake(nudge), power.onNetworkChange(nudge));
    this.watchAges();
    const paused = this.settings.paused;
    if (paused === null || (paused.until !== null && Date.parse(paused.until) <= this.options.clock.now())) await this.go();
    else await this.halt(paused.until);
  }

  async close(): Promise<void> {
    if (this.closing) return;
    this.closing = true;
    this.scheduler.stop();
    this.resumeTimer?.();
    for (const end of this.endings) end();
    await this.drills.close();
    await this.runner.close();
    await this.tunnel.stop('paused');
    this.tellTimer?.();
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
    const tell = listener as (state: AgentState) => void;
    this.listeners.add(tell);
    return () => this.listeners.delete(tell);
  }

  private readonly handlers: Handlers = {
    state: () => this.state(),
    runJob: async ({ jobId }) => {
      const runId = this.options.newId();
      const first = this.runs.newestOf(jobId) === null;
      await this.runner.start(this.job(jobId), first ? 'first' : 'manual', runId);
      return { runId };
    },
    drillJob: async ({ jobId }) => ({ drill: await this.drills.run(this.job(jobId)) }),
    cancelRun: ({ runId }) => {
      this.runner.cancel(runId);
      return {};
    },
    pause: async ({ until }) => {
      await this.remember({ paused: { until } });
      await this.halt(until);
      this.options.logger.log('info', until === null ? 'Paused until resumed' : `Paused until ${until}`);
      return {};
    },
    resume: async () => {
      await this.remember({ paused: null });
      this.options.logger.log('info', 'Resumed');
      await this.go();
      return {};
    },
    createJob: async ({ draft }) => {
      checkSchedule(draft.schedule);
      await this.consent.allowDraft(draft, null);
      return this.tunnel.request('jobs.create', { draft });
    },
    updateJob: async ({ jobId, draft }) => {
      checkSchedule(draft.schedule);
      await this.consent.allowDraft(draft, this.jobs.find(jobId) ?? null);
      return this.tunnel.request('jobs.update', { jobId, draft });
    },
    deleteJob: ({ jobId }) => this.tunnel.request('jobs.delete', { jobId }),
    prepareDestination: async ({ destination, password }) => {
      const result = await this.repositories.vault.prepare(destination, password);
      this.prepared.set(destination.id, destination);
      void this.escrow.look();
      return result;
    },
    setDestinationKeys: async ({ destination, settings }) => {
      await this.repositories.keys.set(destination, settings);
      this.scheduler.look();
      return {};
    },
    recoveryKit: ({ destinationId }) => this.recoveryKit(destinationId),
    confirmRecoveryKit: async ({ destinationId }) => {
      const confirmed = new Set([...this.settings.confirmedRecoveryKits, destinationId]);
      await this.remember({ confirmedRecoveryKits: [...confirmed] });
      this.scheduler.look();
      return {};
    },
    discover: ({ folders }) => this.options.discover(folders),
    setSourcePassword: async ({ target, password }) => {
      await this.sourcePasswords.set(target, password);
      return {};
    },
    hubOffers: async () => ({ storage: await this.tunnel.request('hub.offers', {}).then((offers) => offers.storage, () => false) }),
    answerRecovery: async ({ allow, recipient }) => {
      await this.escrow.answer(recipient, allow);
      return {};
    },
    logs: ({ after, limit, level }) => ({ entries: this.options.logs.read(after, limit, level) }),
    join: async ({ allow, link }) => {
      const joined = await this.membership.join(link);
      this.options.logger.log('info', `Joined the hub at ${joined.hub} as "${joined.name}"`);
      await this.consent.allowFolders(allow);
      await this.consent.review();
      if (this.settings.paused === null) await this.go();
      return joined;
    },
    leave: async () => {
      await this.tunnel.stop('not-joined');
      await this.membership.leave();
      await this.repositories.hubStorage.renew();
      await this.jobs.replace(0, []);
      this.scheduler.look();
      await this.consent.review();
      this.options.logger.log('info', 'Left the hub; its jobs no longer run on this computer');
      return {};
    },
    answerConsent: async ({ answer, ids }) => {
      await this.consent.decide(ids, answer);
      return {};
    },
    allowFolders: async ({ paths }) => {
      await this.consent.allowFolders(paths);
      return {};
    },
    allowed: () => ({ allowed: this.consent.rules.map(({ at, detail, id, kind, subject }) => ({ id, kind, subject, detail, at })) }),
    withdrawConsent: async ({ ids }) => {
      await this.consent.withdraw(ids);
      return {};
    },
    setAskAbout: async ({ askAbout }) => {
      await this.consent.setAskAbout(askAbout);
      return {};
    },
  };

  private async recoveryKit(destinationId: string): Promise<RecoveryKit> {
    const password = await this.repositories.vault.password(destinationId);
    if (password === null) throw new HoldfastError('not-found', 'This computer knows no password for that destination. Prepare the destination first.');
    const destination = this.jobs.all.find((job) => job.destination.id === destinationId)?.destination ?? this.prepared.get(destinationId);
    return {
      destinationId,
      destinationName: destination?.name ?? '',
      repositoryUrl: destination === undefined ? '' : (await this.repositories.hubStorage.of(destination.url)).url,
      password,
      computer: this.options.host,
      createdAt: this.now(),
    };
  }

  private async go(): Promise<void> {
    this.resumeTimer?.();
    this.resumeTimer = null;
    if (this.settings.paused !== null) await this.remember({ paused: null });
    this.scheduler.start();
    this.drills.start();
    try {
      const identity = await this.membership.identity();
      if (identity === null) await this.tunnel.stop('not-joined');
      else this.tunnel.start(identity);
    } catch (thrown) {
      // A locked keychain: look again, for its owner unlocks it when they log in.
      const error = asHoldfastError(thrown);
      this.options.logger.log('error', error.message);
      if (error.retryable && !this.closing) this.resumeTimer = this.options.clock.after(15_000, () => void this.go());
    }
    this.changed();
  }

  private async halt(until: string | null): Promise<void> {
    this.scheduler.stop();
    this.drills.stop();
    this.resumeTimer?.();
    this.resumeTimer = until === null ? null : this.options.clock.after(Math.max(Date.parse(until) - this.options.clock.now(), 0), () => void this.go());
    await this.tunnel.stop('paused');
    this.changed();
  }

  private async openRepository(job: Job): Promise<RepositoryAccess> {
    const used = this.runs.newestGoodOf(job.id) !== null;
    return this.repositories.open(job.destination, used).finally(() => void this.escrow.look());
  }

  private async obstacle(job: Job): Promise<string | null> {
    const { power } = this.options;
    if (job.conditions.onBattery === 'defer' && (await power.isOnBattery())) return 'waiting until the computer is plugged in';
    if (job.conditions.onMetered === 'defer' && (await power.isMetered())) return 'waiting for a network that is not metered';
    const objection = await this.consent.objection(job);
    if (objection !== null) return objection.message.replace(/^[A-Z]/, (first) => first.toLowerCase()).replace(/\.$/, '');
    const missing = this.repositories.keys.obstacle(job.destination);
    if (missing !== null) return missing;
    if (!(await this.kitConfirmed(job))) return 'save or print the recovery kit first, then scheduled backups begin';
    return null;
  }

  private async kitConfirmed(job: Job): Promise<boolean> {
    return this.settings.confirmedRecoveryKits.includes(job.destination.id) || this.repositories.vault.isGiven(job.destination.id);
  }

  private startOrdered(runId: string, jobId: string): void {
    const job = this.jobs.find(jobId);
    if (job === undefined) this.options.logger.log('warn', `The hub ordered a run of a job that this computer does not have (${jobId})`);
    else void this.runner.start(job, 'manual', runId);
  }

  private cancelOrdered(runId: string): void {
    try {
      this.runner.cancel(runId);
    } catch {
      // It ended while the order was under way; the hub learns so from the journal.
    }
  }

  private readonly requests: Requests = {
    'snapshots.list': async ({ jobId }) => {
      const job = this.job(jobId);
      const all = await this.options.engine.snapshots(await this.openRepository(job));
      return { snapshots: all.filter((snapshot) => snapshot.tags.includes(jobTag(job.id))) };
    },
  };

  private state(): AgentState {
    const { clock, secrets } = this.options;
    return agentState({ clock, secrets, computer: this.options, settings: this.settings, jobs: this.jobs, runs: this.runs, drills: this.drills, scheduler: this.scheduler, tunnel: this.tunnel, consent: this.consent.view });
  }

  /** Tells listeners soon, and again when only time has passed: ages and "Due" change by themselves. */
  private changed(): void {
    if (this.closing || this.tellTimer !== null) return;
    this.tellTimer = this.options.clock.after(tellEvery, () => {
      this.tellTimer = null;
      this.tell();
    });
  }

  private watchAges(): void {
    const end = this.options.clock.after(ageEvery, () => {
      this.endings.splice(this.endings.indexOf(end), 1);
      this.changed();
      this.watchAges();
    });
    this.endings.push(end);
  }

  private tell(): void {
    if (this.listeners.size === 0) return;
    const state = this.state();
    const text = JSON.stringify(state);
    if (text === this.lastTold) return;
    this.lastTold = text;
    for (const listener of this.listeners) listener(state);
  }

  private job(jobId: string): Job {
    const job = this.jobs.find(jobId);
    if (job === undefined) throw new HoldfastError('not-found', 'That job is not on this computer any more.');
    return job;
  }

  /** The hub that gives this computer its jobs. */
  private hub(): { readonly url: string; readonly fingerprint: string | null } | null {
    return this.options.givenIdentity ?? this.settings.hub;
  }

  private get settings(): AgentSettings {
    return this.options.settings.read();
  }

  private async remember(change: Partial<AgentSettings>): Promise<void> {
    await this.options.settings.write({ ...this.settings, ...change });
    this.changed();
  }

  private now(): string {
    return new Date(this.options.clock.now()).toISOString();
  }
}
