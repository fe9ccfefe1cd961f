/** Turns the admin contract into HTTP routes. */
import type { FastifyInstance } from 'fastify';
import { adminRoutes, type AdminRoute, type HubAdmin } from '../../shared/protocol/admin.js';

export function addAdminRoutes(app: FastifyInstance, admin: HubAdmin): void {
  for (const name of Object.keys(adminRoutes) as AdminRoute[]) {
    const { http, path } = adminRoutes[name];
    app.route({
      method: http,
      url: path,
      handler: async (request) => {
        const given: unknown = { ...asObject(request.query), ...asObject(request.body), ...asObject(request.params) };
        const call = admin[name] as (params: unknown) => Promise<unknown>;
        return call(given);
      },
    });
  }
}

const asObject = (value: unknown): object => (typeof value === 'object' && value !== null ? value : {});
