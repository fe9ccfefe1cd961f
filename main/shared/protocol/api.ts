/**
 * The hub's HTTP API under /api/v1: the admin contract, and what a browser needs to log in. The dashboard, the OpenAPI
 * description and the server are all made from this one table. Whoever may look may use GET; everything else is for admins.
 */
import { z } from 'zod';
import { adminRoutes, passwordSchema, roleSchema } from './admin.js';

export const apiBase = '/api/v1';
/** Sent with every change from a browser; a foreign page can neither read the value nor send the header. */
export const csrfHeader = 'x-holdfast-csrf';

export const sessionViewSchema = z.object({
  /** Null for an API token. */
  user: z.object({ id: z.string(), name: z.string(), hasPassword: z.boolean() }).nullable(),
  role: roleSchema,
  /** To be sent in the header `x-holdfast-csrf` with every change; null for an API token, which needs none. */
  csrf: z.string().nullable(),
  hub: z.object({ name: z.string(), version: z.string() }),
});
export type SessionView = z.infer<typeof sessionViewSchema>;

const nothing = z.object({});
export const sessionRoutes = {
  session: { http: 'GET', path: '/api/session', summary: 'Who is asking', params: nothing, result: sessionViewSchema },
  login: {
    http: 'POST', path: '/api/session', summary: 'Log in with name and password, or with the code of a login link; sets a cookie',
    params: z.union([z.object({ code: z.string().min(1).max(100) }), z.object({ name: z.string().min(1).max(60), password: z.string().min(1).max(200) })]),
    result: sessionViewSchema,
  },
  logout: { http: 'DELETE', path: '/api/session', summary: 'Log out', params: nothing, result: nothing },
  setOwnPassword: {
    http: 'POST', path: '/api/session/password', summary: 'Change one\'s own password; ends one\'s other sessions',
    params: z.object({ /** Where there is one already. */ current: z.string().max(200).optional(), password: passwordSchema }), result: nothing,
  },
} as const;

/** All but what is for whoever sits at the hub's own computer: a way in, the recovery key, and the end of backups. Whoever takes over a login must neither name a key of theirs nor delete what others stored. */
const { createLoginLink: _login, useRecoveryKey: _use, stopEscrow: _stop, listSealedPasswords: _sealed, discardStorage: _discard, ...remote } = adminRoutes;
export const apiRoutes = { ...remote, ...sessionRoutes };
export type ApiRoutes = typeof apiRoutes;
export type ApiRoute = keyof ApiRoutes;
export type ApiParams<N extends ApiRoute> = z.input<ApiRoutes[N]['params']>;
export type ApiResult<N extends ApiRoute> = z.infer<ApiRoutes[N]['result']>;
export const remoteRoutes = Object.keys(remote) as (keyof typeof remote)[];

/** `/api/jobs/:id` is `/api/v1/jobs/:id` from outside. */
export const apiPath = (path: string): string => path.replace(/^\/api/, apiBase);
