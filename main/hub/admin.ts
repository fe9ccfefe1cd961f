/** What the hub's owner may do, put together from the rooms. Every parameter is parsed here, whoever calls. */
import { HoldfastError } from '../shared/errors.js';
import { formatLink } from '../shared/protocol/link.js';
import type { AgentMethods, ParamsInput, ResultOf } from '../shared/protocol/methods.js';
import { adminRoutes, type AdminResult, type AdminRoute, type AdminRoutes, type HubAdmin } from '../shared/protocol/admin.js';
import type { z } from 'zod';
import type { Alerts } from './alerts/alerts.js';
import type { Agents } from './agents/agents.js';
import type { Reach } from './agents/reach.js';
import type { Overview } from './agents/overview.js';
import type { Escrow } from './escrow/escrow.js';
import type { SetupTokens } from './enrolment/setup-tokens.js';
import type { Jobs } from './jobs/jobs.js';
import type { Runs } from './runs/runs.js';
import type { HubStorage } from './storage/storage.js';
import type { Audit } from './web/audit.js';
import type { Sessions } from './web/sessions.js';
import type { Users } from './web/users.js';

export interface AdminPorts {
  readonly agents: Agents;
  readonly reach: Reach;
  readonly overview: Overview;
  readonly setupTokens: SetupTokens;
  readonly jobs: Jobs;
  readonly runs: Runs;
  readonly storage: HubStorage;
  readonly escrow: Escrow;
  readonly alerts: Alerts;
  readonly users: Users;
  readonly sessions: Sessions;
  readonly audit: Audit;
  /** What a link must carry to lead here. */
  readonly address: () => { readonly url: string; readonly fingerprint: string | null };
  /** The line for a shell that installs Holdfast and joins with this link. */
  readonly installCommand: (link: string) => string;
  readonly hub: () => Promise<AdminResult<'hub'>>;
}

type Handlers = { [N in AdminRoute]: (params: z.infer<AdminRoutes[N]['params']>) => Promise<AdminResult<N>> };

export function createHubAdmin({ agents, reach, overview, setupTokens, jobs, runs, storage, escrow, alerts, users, sessions, audit, address, hub, installCommand }: AdminPorts): HubAdmin {
  /** Of the computer that has the job. */
  const ask = async <M extends keyof AgentMethods & string>(jobId: string, method: M, params: ParamsInput<AgentMethods, M>): Promise<ResultOf<AgentMethods, M>> =>
    reach.ask(await jobs.agentOf(jobId), method, params);
  const handlers: Handlers = {
    hub: () => hub(),
    createSetupToken: async (wish) => {
      const made = await setupTokens.create(wish);
      const recovery = await escrow.recipient();
      const link = formatLink({ kind: 'join', token: made.token, ...address(), ...(recovery === null ? {} : { recovery }) });
      return { ...made, link, command: installCommand(link) };
    },
    listSetupTokens: () => setupTokens.list(),
    revokeSetupToken: async ({ id }) => {
      await setupTokens.revoke(id);
      return {};
    },
    addAgent: async ({ name }) => {
      const made = await agents.create(name);
      return { id: String(made.id), name: made.name, token: made.token, link: formatLink({ kind: 'agent', token: made.token, ...address() }) };
    },
    listAgents: (wish) => overview.listAgents(wish),
    renameAgent: async ({ id, name }) => {
      await agents.rename(id, name);
      return {};
    },
    deleteAgent: async ({ id }) => ({ deletedJobs: await agents.delete(id) }),
    createJob: async ({ agentId, draft }) => jobs.create((await agents.get(agentId)).id, draft),
    updateJob: ({ id, draft }) => jobs.update('anyone', id, draft),
    listJobs: async ({ agentId }) => overview.listJobs(agentId === undefined ? undefined : (await agents.get(agentId)).id),
    deleteJob: async ({ id }) => {
      await jobs.delete('anyone', id);
      return {};
    },
    pauseJob: async ({ id }) => {
      await jobs.setPaused(id, true);
      return {};
    },
    resumeJob: async ({ id }) => {
      await jobs.setPaused(id, false);
      return {};
    },
    moveJob: async ({ id, agentId }) => jobs.move(id, (await agents.get(agentId)).id),
    runJob: async ({ id }) => ({ id: await runs.order(id) }),
    listRuns: async ({ agentId, jobId, limit }) => runs.list({ agentId: agentId === undefined ? undefined : (await agents.get(agentId)).id, jobId, limit }),
    getRun: ({ id, limit }) => runs.get(id, limit),
    cancelRun: async ({ id }) => {
      await runs.cancel(id);
      return {};
    },
    listSnapshots: async ({ id, skip }) => {
      const { next, snapshots } = await ask(id, 'snapshots.list', { jobId: id, skip });
      return { snapshots: snapshots.map(({ hostname, id: snapshotId, paths, time }) => ({ id: snapshotId, time, hostname, paths })), next };
    },
    browseSnapshot: ({ id, ...page }) => ask(id, 'snapshots.folder', { ...page, jobId: id }),
    findVersions: ({ id, ...search }) => ask(id, 'snapshots.find', { ...search, jobId: id }),
    startRestore: ({ id, ...order }) => ask(id, 'restore.start', { ...order, jobId: id }),
    getRestore: ({ id, restore }) => ask(id, 'restore.get', { restoreId: restore }),
    cancelRestore: ({ id, restore }) => ask(id, 'restore.cancel', { restoreId: restore }),
    listUsers: () => users.list(),
    createUser: (wish) => users.create(wish),
    updateUser: async ({ id, ...change }) => {
      await users.update(id, change);
      return {};
    },
    deleteUser: async ({ id }) => {
      await users.delete(id);
      return {};
    },
    createLoginLink: async ({ user: name }) => {
      const user = await users.forLink(name);
      const { code, expiresAt } = await sessions.createCode(user.id);
      // Behind the #, where browsers keep it to themselves: no log of a server or a proxy ever holds it.
      return { url: `${address().url}/#login=${code}`, user: user.name, expiresAt };
    },
    listApiTokens: () => sessions.listApiTokens(),
    createApiToken: (wish) => sessions.createApiToken(wish),
    deleteApiToken: async ({ id }) => {
      await sessions.deleteApiToken(id);
      return {};
    },
    storage: () => storage.overview(),
    updateStorage: async (change) => {
      await storage.change(Object.fromEntries(Object.entries(change).filter(([, value]) => value !== undefined)));
      return {};
    },
    setStorageQuota: async ({ id, quota }) => {
      await storage.setQuota(id, quota);
      return {};
    },
    renewStorageCredentials: ({ id }) => storage.renew(id),
    discardStorage: ({ id }) => storage.discard(id),
    escrow: () => escrow.overview(),
    useRecoveryKey: async ({ recipient }) => {
      await escrow.use(recipient);
      return {};
    },
    stopEscrow: async ({ forget }) => {
      await escrow.stop(forget);
      return {};
    },
    listSealedPasswords: () => escrow.sealed(),
    listAlerts: (wish) => alerts.list(wish),
    alertSettings: () => alerts.settings(),
    updateAlertSettings: async (change) => {
      await alerts.changeSettings(change);
      return {};
    },
    listAlertChannels: () => alerts.channels.list(),
    createAlertChannel: async ({ name, config }) => ({ id: await alerts.channels.create(name, config) }),
    updateAlertChannel: async ({ id, ...change }) => {
      await alerts.channels.update(id, change);
      return {};
    },
    deleteAlertChannel: async ({ id }) => {
      await alerts.channels.remove(id);
      return {};
    },
    testAlertChannel: async ({ id }) => {
      await alerts.test(id);
      return {};
    },
    listAudit: (wish) => audit.list(wish),
  };
  const names = Object.keys(adminRoutes) as AdminRoute[];
  return Object.fromEntries(names.map((name) => [name, checked(name, handlers)])) as HubAdmin;
}

function checked<N extends AdminRoute>(name: N, handlers: Handlers): (params: unknown) => Promise<AdminResult<N>> {
  return async (params) => {
    const parsed = adminRoutes[name].params.safeParse(params);
    if (!parsed.success) {
      throw new HoldfastError('usage', `That is not complete or not right: ${parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`).join('; ')}.`);
    }
    return handlers[name](parsed.data as never);
  };
}
