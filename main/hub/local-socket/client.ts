/** Talks to the hub that runs with a data folder, from another process of the same user. */
import { request as httpRequest } from 'node:http';
import { errorShape } from '../../shared/error-shape.js';
import { HoldfastError } from '../../shared/errors.js';
import { adminRoutes, type AdminRoute, type HubAdmin } from '../../shared/protocol/admin.js';
import { checkPrivate, socketPlace } from './path.js';

const answerWithin = 60_000;

/** @throws HoldfastError `hub-unreachable` when no hub runs there. */
export async function connectHubAdmin(dataFolder: string): Promise<HubAdmin> {
  const { file, folder } = socketPlace(dataFolder);
  await checkPrivate(folder, false);
  const names = Object.keys(adminRoutes) as AdminRoute[];
  const admin = Object.fromEntries(names.map((name) => [name, (params: unknown) => call(file, dataFolder, name, params)])) as HubAdmin;
  await admin.hub({});
  return admin;
}

async function call(socketPath: string, dataFolder: string, name: AdminRoute, params: unknown): Promise<unknown> {
  const { http, path, result } = adminRoutes[name];
  const rest: Record<string, unknown> = { ...(typeof params === 'object' ? params : {}) };
  let target = path.replace(/:(\w+)/g, (_whole, key: string) => {
    const value = rest[key];
    delete rest[key];
    return encodeURIComponent(typeof value === 'string' && value !== '' ? value : '-');
  });
  if (http === 'GET') {
    const query = new URLSearchParams(Object.entries(rest).flatMap(([key, value]): [string, string][] => (value === undefined ? [] : [[key, String(value)]])));
    if (query.size > 0) target += `?${query}`;
  }
  const { status, text } = await send(socketPath, dataFolder, http, target, http === 'GET' ? null : JSON.stringify(rest));
  const json: unknown = text === '' ? null : JSON.parse(text);
  if (status === 200) return result.parse(json);
  const refusal = errorShape.safeParse(json);
  throw refusal.success ? HoldfastError.fromShape(refusal.data) : new HoldfastError('internal', `The hub answered with HTTP ${status}.`);
}

function send(socketPath: string, dataFolder: string, method: string, path: string, body: string | null): Promise<{ status: number; text: string }> {
  return new Promise((resolve, reject) => {
    const request = httpRequest({
      socketPath, method, path, timeout: answerWithin, agent: false,
      headers: body === null ? {} : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) },
    }, (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (part: string) => { text += part; });
      response.on('end', () => resolve({ status: response.statusCode ?? 0, text }));
      response.on('error', reject);
    });
    request.on('timeout', () => request.destroy(new HoldfastError('hub-unreachable', `The hub of ${dataFolder} does not answer.`)));
    request.on('error', (cause) => reject(cause instanceof HoldfastError ? cause
      : new HoldfastError('hub-unreachable', `No hub runs with the data folder ${dataFolder}. Start it with "holdfast hub", or name its folder.`, { cause })));
    request.end(body ?? undefined);
  });
}
