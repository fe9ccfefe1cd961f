/** The API for the outside: who is asking, may they, and what they changed goes on record. */
import rateLimit from '@fastify/rate-limit';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { HoldfastError } from '../../shared/errors.js';
import { adminRoutes, type HubAdmin } from '../../shared/protocol/admin.js';
import { apiBase, apiPath, csrfHeader, remoteRoutes, sessionRoutes, type SessionView } from '../../shared/protocol/api.js';
import { describeApi } from '../api/openapi.js';
import type { Audit } from './audit.js';
import type { LoginLimit } from './login-limit.js';
import { sessionLife, type Caller, type Sessions } from './sessions.js';
import type { Users } from './users.js';

export interface WebApiPorts {
  readonly admin: HubAdmin;
  readonly audit: Audit;
  readonly users: Users;
  readonly sessions: Sessions;
  readonly limit: LoginLimit;
  readonly hub: { readonly name: string; readonly version: string };
}

/** Only this host's own pages over TLS can set or read a cookie of this name. */
const cookieName = '__Host-holdfast';
const cookie = (value: string, seconds: number): string => `${cookieName}=${value}; Path=/; Max-Age=${seconds}; Secure; HttpOnly; SameSite=Strict`;
/** Requests per minute and address: a page that looks every two seconds needs a tenth of it. */
const perMinute = 1_200;

export async function addWebApi(app: FastifyInstance, { admin, audit, users, sessions, limit, hub }: WebApiPorts): Promise<void> {
  const callerOf = async (request: FastifyRequest): Promise<Caller> => {
    const bearer = /^Bearer (.{1,200})$/.exec(request.headers.authorization ?? '')?.[1];
    const secret = new RegExp(`(?:^|; )${cookieName}=([A-Za-z0-9]{40})(?:;|$)`).exec(request.headers.cookie ?? '')?.[1];
    const caller = bearer !== undefined ? await sessions.byApiToken(bearer) : secret !== undefined ? await sessions.bySecret(secret) : null;
    if (caller === null) throw new HoldfastError('token-unknown', bearer === undefined ? 'You are not logged in. Log in and try again.' : 'The hub does not know this API token. Make a new one on the Settings page.');
    return caller;
  };
  /** A browser sends its cookie along with whatever any page makes it send; the header it sends for our own page only. */
  const proven = (caller: Caller, request: FastifyRequest): Caller => {
    if (caller.csrf !== null && request.headers[csrfHeader] !== caller.csrf) throw new HoldfastError('permission-denied', 'This request did not come from the dashboard itself. Reload the page and try again.');
    return caller;
  };
  const view = (caller: Caller): SessionView => ({
    user: caller.user === null ? null : { id: caller.user.id, name: caller.user.name, hasPassword: caller.user.password_hash !== null },
    role: caller.role, csrf: caller.csrf, hub: { name: hub.name, version: hub.version },
  });

  await app.register(async (api) => {
    await api.register(rateLimit, {
      max: perMinute, timeWindow: 60_000, cache: 10_000,
      errorResponseBuilder: () => Object.assign(new HoldfastError('usage', 'Too many requests came from this address. Wait a minute.', { retryable: true }), { statusCode: 429 }),
    });
    api.addHook('onRequest', (_request, reply, done) => {
      void reply.headers({ 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' });
      done();
    });

    const description = describeApi(hub.version);
    api.get(`${apiBase}/openapi.json`, () => description);

    for (const name of remoteRoutes) {
      const { http, path } = adminRoutes[name];
      api.route({
        method: http,
        url: apiPath(path),
        handler: async (request) => {
          const caller = await callerOf(request);
          const params: unknown = { ...asObject(request.query), ...asObject(request.body), ...asObject(request.params) };
          if (http === 'GET') return (admin[name] as (given: unknown) => Promise<unknown>)(params);
          proven(caller, request);
          if (caller.role !== 'admin') throw new HoldfastError('permission-denied', 'You may look at this hub, but not change it. Ask one of its admins.');
          const watched = audit.watch(admin, { name: caller.name, address: request.ip });
          return (watched[name] as (given: unknown) => Promise<unknown>)(params);
        },
      });
    }

    const { session, login, logout, setOwnPassword } = sessionRoutes;
    api.get(apiPath(session.path), async (request) => view(await callerOf(request)));

    api.post(apiPath(login.path), { bodyLimit: 4096 }, async (request, reply): Promise<SessionView | FastifyReply> => {
      const parsed = login.params.safeParse(request.body);
      if (!parsed.success) throw new HoldfastError('usage', 'Give your user name and your password.');
      const byName = 'name' in parsed.data ? parsed.data : null;
      if (!(await limit.allows(request.ip, byName?.name ?? null))) {
        const wait = new HoldfastError('token-unknown', 'Too many attempts to log in. Wait five minutes and try again.', { retryable: true });
        return reply.code(429).header('retry-after', '300').send(wait.toShape());
      }
      const id = 'code' in parsed.data ? await sessions.redeemCode(parsed.data.code) : (await users.check(parsed.data.name, parsed.data.password))?.id ?? null;
      if (id === null) {
        await audit.record({ name: byName === null ? 'somebody' : byName.name, address: request.ip }, 'loginFailed', '');
        throw new HoldfastError('token-unknown', byName === null ? 'This login link was used already or has expired. Make a new one on the hub\'s computer.' : 'The name or the password is wrong.');
      }
      await limit.succeeded(request.ip);
      const secret = await sessions.open(id);
      const caller = await sessions.bySecret(secret);
      if (caller === null) throw new HoldfastError('token-unknown', 'This user was just removed.');
      await audit.record({ name: caller.name, address: request.ip }, 'login', '');
      void reply.header('set-cookie', cookie(secret, sessionLife / 1000));
      return view(caller);
    });

    api.delete(apiPath(logout.path), async (request, reply) => {
      const caller = proven(await callerOf(request), request);
      if (caller.session !== null) await sessions.close(caller.session);
      void reply.header('set-cookie', cookie('', 0));
      return {};
    });

    api.post(apiPath(setOwnPassword.path), async (request, reply): Promise<object> => {
      const caller = proven(await callerOf(request), request);
      const parsed = setOwnPassword.params.safeParse(request.body);
      if (!parsed.success) throw new HoldfastError('usage', `That will not do: ${parsed.error.issues.map((issue) => issue.message).join('; ')}.`);
      if (caller.user === null) throw new HoldfastError('usage', 'An API token has no password.');
      if (caller.user.password_hash !== null) {
        if (!(await limit.allows(request.ip, caller.name))) return reply.code(429).header('retry-after', '300').send(new HoldfastError('usage', 'Too many attempts. Wait five minutes and try again.').toShape());
        if ((await users.check(caller.name, parsed.data.current ?? '')) === null) throw new HoldfastError('usage', 'The current password is wrong.');
        await limit.succeeded(request.ip);
      }
      await users.update(caller.user.id, { password: parsed.data.password }, caller.session);
      await audit.record({ name: caller.name, address: request.ip }, 'setOwnPassword', '');
      return {};
    });
  });
}

const asObject = (value: unknown): object => (typeof value === 'object' && value !== null ? value : {});
