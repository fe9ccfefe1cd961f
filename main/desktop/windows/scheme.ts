/** The app:// scheme: the built pages and nothing else, each answer with the content security policy. */
import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { protocol, type Session } from 'electron';
import { contentSecurityPolicy, contentTypes, fileFor } from './pages.js';

/** Must be called before the app is ready. */
export function declareScheme(): void {
  protocol.registerSchemesAsPrivileged([{ scheme: 'app', privileges: { standard: true, secure: true } }]);
}

/** @param root folder with the built pages. */
export function serveScheme(session: Session, root: string): void {
  session.protocol.handle('app', async (request) => {
    const file = request.method === 'GET' ? fileFor(request.url, root) : null;
    const content = file === null ? null : await readFile(file).catch(() => null);
    if (file === null || content === null) return new Response('Not found', { status: 404 });
    const nonce = randomBytes(16).toString('base64');
    const isPage = path.extname(file) === '.html';
    return new Response(isPage ? content.toString('utf8').replaceAll('%CSP_NONCE%', nonce) : content, {
      headers: {
        'content-type': contentTypes[path.extname(file)] ?? 'application/octet-stream',
        'content-security-policy': contentSecurityPolicy(nonce),
        'x-content-type-options': 'nosniff',
        'cache-control': 'no-store',
      },
    });
  });
}
