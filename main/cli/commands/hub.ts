import os from 'node:os';
import path from 'node:path';
import { z } from 'zod';
import { HoldfastError } from '../../shared/errors.js';
import type { Register } from '../cli.js';
import { hubAdmin } from '../hub/admin.js';
import { cliPaths } from '../places.js';
import { untilAborted } from '../terminal/until-aborted.js';
import { readVersion } from '../version.js';

const options = z.object({
  listen: z.string().transform((text, context) => parseListen(text) ?? context.addIssue({ code: 'custom', message: 'it should look like 0.0.0.0:7878' }) ?? z.NEVER).optional(),
  database: z.string().regex(/^postgres(ql)?:\/\//, 'it should look like postgres://host/name').optional(),
  name: z.string().trim().min(1).max(120).optional(),
  publicUrl: z.string().optional(),
  certificate: z.string().optional(),
  key: z.string().optional(),
  storage: z.string().min(1).optional(),
  packages: z.string().min(1).optional(),
  secretKey: z.string().min(1).optional(),
  keepRuns: z.coerce.number().int().min(1).max(36_500).optional(),
});

/** `HOST:PORT`, `[::1]:PORT`, `:PORT`. */
export function parseListen(text: string): { host: string; port: number } | undefined {
  const match = /^(?:\[([0-9a-f:.]+)\]|([^:]*)):(\d{1,5})$/i.exec(text);
  const port = Number(match?.[3]);
  if (match === null || port > 65_535) return undefined;
  return { host: match[1] ?? (match[2] || '0.0.0.0'), port };
}

export const register: Register = (program, cli) => {
  const hub = program.command('hub').description('run a hub, which other computers join')
    .option('--listen <host:port>', 'the address to listen on (default: 127.0.0.1:7878; 0.0.0.0:7878 for other computers)')
    .option('--database <url>', 'a PostgreSQL database instead of the built-in one (else HOLDFAST_DATABASE)')
    .option('--name <name>', 'what screens call this hub')
    .option('--public-url <url>', 'the address that setup links carry, where it is another than the one listened on')
    .option('--storage <dir>', 'the folder of hub storage (default: in the data folder)')
    .option('--packages <dir>', 'the folder of the packages that computers install from (default: in the data folder)')
    .option('--secret-key <file>', 'the key that seals secrets in the database; hubs on one database share it (default: in the data folder)')
    .option('--keep-runs <days>', 'how long runs and their logs are kept (default: 400)')
    .option('--certificate <file>', 'an own certificate (PEM)').option('--key <file>', 'and its private key (PEM)')
    .action(cli.action(options, async ({ options: given }) => {
      if ((given.certificate === undefined) !== (given.key === undefined)) throw new HoldfastError('usage', 'A certificate and its key belong together. Give both --certificate and --key.');
      const database = given.database ?? (cli.env['HOLDFAST_DATABASE'] || undefined);
      const paths = cliPaths(cli);
      const [{ startHub }, { makeFolders }, { consoleLine, openLogging }] = await Promise.all([
        import('../../hub/index.js'), import('../../platform/paths/folders.js'), import('../../platform/logging/logging.js'),
      ]);
      await makeFolders(paths);
      const logging = openLogging({ folder: paths.logFolder, name: 'hub', sink: (entry) => { if (!cli.quiet && entry.level !== 'debug') cli.warn(cli.json ? JSON.stringify(entry) : consoleLine(entry)); } });
      const { signal } = cli;
      const running = await startHub({
        dataFolder: paths.hubFolder, version: readVersion(), name: given.name ?? os.hostname(), logger: logging.scoped('hub'),
        ...(given.listen === undefined ? {} : { listen: given.listen }), ...(database === undefined ? {} : { database }),
        ...(given.publicUrl === undefined ? {} : { publicUrl: given.publicUrl }),
        ...(given.storage === undefined ? {} : { storageFolder: path.resolve(cli.process.cwd(), given.storage) }),
        ...(given.packages === undefined ? {} : { packagesFolder: path.resolve(cli.process.cwd(), given.packages) }),
        ...(given.secretKey === undefined ? {} : { secretKeyFile: path.resolve(cli.process.cwd(), given.secretKey) }),
        ...(given.keepRuns === undefined ? {} : { historyDays: given.keepRuns }),
        ...(given.certificate === undefined || given.key === undefined ? {} : { certificate: { certFile: given.certificate, keyFile: given.key } }),
      });
      cli.result({ message_type: 'listening', url: running.url, listening: running.listening, fingerprint: running.fingerprint }, () => `listening on https://${running.listening}`);
      if (!cli.quiet && (await running.admin.listUsers({})).length === 0) cli.warn('Nobody can log in to the dashboard yet. Make the first login link with: holdfast hub login');
      await untilAborted(signal);
      await running.close();
      logging.close();
    }));

  hub.command('login').description('make a link that logs a person in to the dashboard of the running hub, once and within ten minutes')
    .option('--user <name>', 'whom (default: the first admin, made now where there is nobody yet)')
    .action(cli.action(z.object({ user: z.string().optional() }), async ({ options: { user } }) => {
      const link = await (await hubAdmin(cli)).createLoginLink(user === undefined ? {} : { user });
      cli.result(link, () => `Open this in a browser within ten minutes. It logs in "${link.user}", once:\n\n    ${link.url}\n`);
    }));
};
