/** The way in for new computers: the script and the packages. There is nothing secret in either. */
import { createReadStream } from 'node:fs';
import type { FastifyInstance } from 'fastify';
import { HoldfastError } from '../../shared/errors.js';
import type { Packages } from './packages.js';
import { installScript, type ScriptFacts } from './script.js';

export function addInstallRoutes(app: FastifyInstance, { packages, address }: { packages: Packages; address: () => Pick<ScriptFacts, 'url' | 'pin'> }): void {
  app.get('/install.sh', async (_request, reply) => {
    const script = installScript({ ...address(), packages: await packages.newest() });
    return reply.headers({ 'content-type': 'text/x-shellscript; charset=utf-8', 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' }).send(script);
  });

  app.get('/downloads', async () => (await packages.list()).map(({ bytes, file }) => ({ file, bytes })));

  app.get<{ Params: { file: string } }>('/downloads/:file', async (request, reply) => {
    const place = await packages.find(request.params.file);
    if (place === null) {
      const any = (await packages.list()).length > 0;
      throw new HoldfastError('not-found', any ? 'This hub has no such package. GET /downloads lists what it has.' : 'This hub has no packages. Its owner can put them into its packages folder, or name one with --packages.');
    }
    return reply.headers({ 'content-type': 'application/octet-stream', 'content-length': place.bytes, 'x-content-type-options': 'nosniff' }).send(createReadStream(place.path));
  });
}
