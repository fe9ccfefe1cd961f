/** Serves the dashboard: one page with its scripts and styles, which are read once and kept. */
import { randomBytes } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import type { FastifyInstance } from 'fastify';
import { HoldfastError } from '../../shared/errors.js';

interface Page {
  readonly html: string;
  readonly assets: ReadonlyMap<string, { readonly body: Buffer; readonly type: string }>;
}

const types: Record<string, string> = { '.js': 'text/javascript; charset=utf-8', '.css': 'text/css; charset=utf-8', '.svg': 'image/svg+xml', '.woff2': 'font/woff2' };

/** Where the build puts it, seen from this file's own place in out/main/hub/web. */
export const builtPage = path.resolve(import.meta.dirname, '../../../renderer/dashboard');

export function addPage(app: FastifyInstance, folder: string): void {
  let loading: Promise<Page> | null = null;
  const page = (): Promise<Page> => {
    loading ??= load(folder).catch((error: unknown) => {
      loading = null;
      throw error;
    });
    return loading;
  };

  app.get('/', async (_request, reply) => {
    const { html } = await page();
    // For the few styles that the components put in by themselves.
    const nonce = randomBytes(16).toString('base64');
    void reply.headers({
      ...safeHeaders,
      'content-security-policy': `default-src 'none'; script-src 'self'; style-src 'self' 'nonce-${nonce}'; img-src 'self'; font-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`,
      'content-type': 'text/html; charset=utf-8',
      'cache-control': 'no-store',
    });
    return html.replaceAll('%CSP_NONCE%', nonce);
  });

  app.get<{ Params: { name: string } }>('/assets/:name', async (request, reply) => {
    const asset = (await page()).assets.get(request.params.name);
    if (asset === undefined) throw new HoldfastError('not-found', 'There is nothing at this address.');
    // Their names hold a hash of what is in them.
    void reply.headers({ ...safeHeaders, 'content-type': asset.type, 'cache-control': 'public, max-age=31536000, immutable' });
    return asset.body;
  });
}

const safeHeaders = {
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'permissions-policy': 'camera=(), geolocation=(), microphone=()',
};

async function load(folder: string): Promise<Page> {
  try {
    const html = await readFile(path.join(folder, 'index.html'), 'utf8');
    const assets = new Map<string, { body: Buffer; type: string }>();
    for (const name of await readdir(path.join(folder, 'assets'))) {
      const type = types[path.extname(name)];
      if (type !== undefined) assets.set(name, { type, body: await readFile(path.join(folder, 'assets', name)) });
    }
    return { html, assets };
  } catch (cause) {
    throw new HoldfastError('not-found', 'The dashboard is not part of this installation. The API under /api/v1 works.', { cause });
  }
}
