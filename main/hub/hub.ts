/** Puts a hub together and starts it: the same in the app, where it is embedded, and on a server. */
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import type { Server } from 'node:http';
import { HoldfastError } from '../shared/errors.js';
import { createHubAdmin } from './admin.js';
import { Alerts } from './alerts/alerts.js';
import { spaceOf } from './alerts/space.js';
import { Agents } from './agents/agents.js';
import { Reach } from './agents/reach.js';
import { Overview } from './agents/overview.js';
import { FailureLimit } from './api/failure-limit.js';
import { addAdminRoutes } from './api/routes.js';
import { createJsonServer } from './api/server.js';
import { singleProcess } from './cluster/cluster.js';
import { postgresCluster } from './cluster/postgres.js';
import { addEnrolRoute } from './enrolment/enrol-route.js';
import { addLeaveRoute } from './enrolment/leave-route.js';
import { Escrow } from './escrow/escrow.js';
import { SetupTokens } from './enrolment/setup-tokens.js';
import { Packages } from './install/packages.js';
import { addInstallRoutes } from './install/routes.js';
import { installCommand } from './install/script.js';
import { Jobs } from './jobs/jobs.js';
import { listenLocally, removeSocket } from './local-socket/server.js';
import type { HubClock, HubOptions, RunningHub } from './options.js';
import { Ingest } from './runs/ingest.js';
import { History, usualHistoryDays } from './runs/history.js';
import { Runs } from './runs/runs.js';
import { addStorageRoutes } from './storage/routes.js';
import { HubStorage } from './storage/storage.js';
import { openDatabase } from './store/database.js';
import { GroupCommit } from './store/group-commit.js';
import { lockFolder } from './store/folder-lock.js';
import { openSecretBox } from './store/sealed.js';
import { privateFolder } from './store/private-files.js';
import { lanAddresses, loadCertificate } from './tls/certificate.js';
import { openTunnelEndpoint } from './tunnel/endpoint.js';
import { Registry } from './tunnel/registry.js';
import { addWebApi } from './web/api.js';
import { Audit, localActor } from './web/audit.js';
import { LoginLimit } from './web/login-limit.js';
import { addPage, builtPage } from './web/page.js';
import { Sessions } from './web/sessions.js';
import { Users } from './web/users.js';

const defaultListen = { host: '127.0.0.1', port: 7878 };
/** Agents have this long to answer the goodbye, ms. */
const goodbyeWithin = 1_000;

const systemClock: HubClock = {
  now: () => Date.now(),
  after: (ms, callback) => {
    const timer = setTimeout(callback, ms);
    return () => { clearTimeout(timer); };
  },
};

/**
 * Resolves when the hub listens.
 * @throws HoldfastError `already-running` when a hub uses the data folder, `permission-denied`, `settings-invalid`,
 *   `usage` when the address cannot be listened on, `hub-unreachable` when PostgreSQL cannot be used.
 */
export async function startHub(options: HubOptions): Promise<RunningHub> {
  const { dataFolder, logger, name, version } = options;
  const clock = options.clock ?? systemClock;
  const listen = options.listen ?? defaultListen;
  /** Undone in reverse order, at the end or when starting fails half way. */
  const undo: (() => void | Promise<void>)[] = [];
  const close = async (): Promise<void> => {
    for (let step = undo.pop(); step !== undefined; step = undo.pop()) await step();
  };
  try {
    await privateFolder(dataFolder);
    undo.push(lockFolder(dataFolder));
    const certificate = await loadCertificate(dataFolder, options.certificate);
    const { db, postgresUrl, close: closeDatabase } = await openDatabase(dataFolder, options.database);
    undo.push(closeDatabase);

    const cluster = postgresUrl === null ? singleProcess() : await postgresCluster({ url: postgresUrl, db, clock, logger });
    undo.push(() => cluster.close());
    const commits = new GroupCommit(db);
    const agents = new Agents(db, clock, cluster, commits);
    const setupTokens = new SetupTokens(db, clock, agents);
    const jobs = new Jobs(db, clock, cluster);
    const runs = new Runs(db, clock, cluster, jobs);
    const storage = new HubStorage({ root: options.storageFolder ?? path.join(dataFolder, 'storage'), db, agents, clock, logger, url: () => url });
    const escrow = new Escrow(db, clock);
    const registry = new Registry({ clock, logger, agents, jobs, runs, storage, escrow, ingest: new Ingest(commits), cluster, hub: { name, version } });
    cluster.serve(registry);
    cluster.subscribe((agentId, signal) => registry.tell(agentId, signal));
    const overview = new Overview(db, clock, agents, cluster);
    const limit = new FailureLimit(clock);

    const users = new Users(db, clock);
    const sessions = new Sessions(db, clock);
    const audit = new Audit(db, clock, logger);

    const open = makeServer(certificate, options);
    /** Known once it listens; nothing is asked before. */
    let url = options.publicUrl ?? '';
    const startedAt = new Date(clock.now()).toISOString();
    const secrets = await openSecretBox(options.secretKeyFile ?? path.join(dataFolder, 'hub-secret.key'));
    const alerts = new Alerts({ db, secrets, clock, logger, leases: cluster, storage: spaceOf(storage), hub: () => ({ name, url }), desktop: options.notify ?? null });
    const installAddress = () => ({ url, pin: certificate.pinned ? `sha256//${certificate.keyPin}` : null });
    const admin = createHubAdmin({
      agents, overview, setupTokens, reach: new Reach(registry, cluster), jobs, runs, storage, escrow, alerts, users, sessions, audit,
      installCommand: (link) => installCommand(installAddress(), link),
      address: () => ({ url, fingerprint: certificate.pinned ? certificate.fingerprint : null }),
      hub: async () => ({ name, version, url, fingerprint: certificate.fingerprint, startedAt, agents: await agents.count(), online: (await cluster.online()).size }),
    });
    await addWebApi(open.app, { admin, audit, users, sessions, limit: new LoginLimit(db, clock), hub: { name, version } });
    addPage(open.app, options.pageFolder ?? builtPage);
    await addStorageRoutes(open.app, { disk: storage.disk, ledger: storage.ledger, records: storage.records, limit, logger, clock });
    addEnrolRoute(open.app, { setupTokens, limit, logger, hubName: name });
    addLeaveRoute(open.app, { agents, limit, logger });
    addInstallRoutes(open.app, { packages: new Packages([options.packagesFolder ?? path.join(dataFolder, 'packages')]), address: installAddress });
    open.app.get('/healthz', () => ({ status: 'ok' }));
    await open.app.ready();
    const refuseUpgrades = openTunnelEndpoint(open.server, { agents, registry, limit, logger });
    const { host, port } = await listenOn(open.server, listen);
    undo.push(async () => {
      refuseUpgrades();
      await registry.close();
      await new Promise<void>((resolve) => {
        const cancel = clock.after(goodbyeWithin, resolve);
        void registry.empty().then(() => { cancel(); resolve(); });
      });
      registry.terminate();
      await open.app.close();
      await closeServer(open.server);
    });

    if (url === '') url = `https://${reachableHost(host)}:${port}`;
    storage.start();
    await alerts.start();
    undo.push(() => alerts.close());
    const history = new History({ db, clock, logger, leases: cluster, days: options.historyDays ?? usualHistoryDays });
    history.start();
    undo.push(() => history.close());
    const owned = audit.watch(admin, localActor);
    const local = createJsonServer(null, logger);
    addAdminRoutes(local.app, owned);
    await local.app.ready();
    await listenLocally(local.server, dataFolder);
    undo.push(async () => {
      await local.app.close();
      await closeServer(local.server);
      await removeSocket(dataFolder);
    });

    logger.log('info', `The hub "${name}" listens on ${url}`);
    return { url, fingerprint: certificate.fingerprint, listening: `${host.includes(':') ? `[${host}]` : host}:${port}`, admin: owned, close };
  } catch (error) {
    await close();
    throw error;
  }
}

function makeServer(certificate: { cert: string; key: string }, options: HubOptions): ReturnType<typeof createJsonServer> {
  try {
    return createJsonServer(certificate, options.logger);
  } catch (cause) {
    const text = cause instanceof Error ? cause.message : String(cause);
    throw new HoldfastError('settings-invalid', `The hub's certificate and key do not fit together or are damaged (${text}). Give a PEM certificate with its key.`, { cause });
  }
}

function listenOn(server: Server, { host, port }: { host: string; port: number }): Promise<{ host: string; port: number }> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) => {
      const why = cause.code === 'EADDRINUSE' ? 'another program listens there already' : cause.message;
      reject(new HoldfastError('usage', `The hub cannot listen on ${host}:${port}: ${why}. Choose another address with --listen HOST:PORT.`, { cause }));
    });
    server.listen({ host, port, backlog: 1024 }, () => {
      const address = server.address() as AddressInfo;
      resolve({ host, port: address.port });
    });
  });
}

/** Fastify closes what it listens with; these servers were told to listen by us. */
function closeServer(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}

/** An address that others can use where the hub listens on all of them. */
function reachableHost(host: string): string {
  if (host === '0.0.0.0' || host === '::') return lanAddresses()[0] ?? '127.0.0.1';
  return host.includes(':') ? `[${host}]` : host;
}
