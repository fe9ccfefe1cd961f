import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { HoldfastError } from '../../shared/errors.js';
import { channelConfigSchema, webhookShapes, type ChannelConfig } from '../../shared/protocol/alerts.js';
import { ageText } from '../../shared/text.js';
import { hubAdmin, pick } from '../hub/admin.js';
import type { Cli, Register } from '../cli.js';
import { table } from '../terminal/table.js';

const email = z.object({
  server: z.string(), from: z.string(), to: z.array(z.string()), security: z.enum(['tls', 'starttls', 'none']).optional(),
  user: z.string().optional(), passwordFile: z.string().optional(), certificate: z.string().optional(),
});
const webhook = z.object({ urlFile: z.string(), shape: z.enum(webhookShapes).optional(), tokenFile: z.string().optional(), certificate: z.string().optional() });
const usualPort = { tls: 465, starttls: 587, none: 25 } as const;

export const register: Register = (program, cli) => {
  const alerts = program.command('alerts').description('problems that this hub sees, and who is told of them');

  alerts.command('list').description('what is wrong, and what was').option('--open', 'only what is wrong now')
    .action(cli.action(z.object({ open: z.boolean().optional() }), async ({ options: { open } }) => {
      const all = await (await hubAdmin(cli)).listAlerts({ state: open === true ? 'open' : 'all' });
      cli.result(all, () => (all.length === 0 ? (open === true ? 'Nothing is wrong.' : 'Nothing has been wrong yet.') : table(['Since', 'State', 'Problem', ''], all.map((each) => [
        ageText(Date.now() - Date.parse(each.openedAt)), each.overAt === null ? 'open' : 'over', each.title, each.text,
      ]))));
    }));

  alerts.command('channels').description('the ways in which people are told').action(cli.action(z.object({}), async () => {
    const all = await (await hubAdmin(cli)).listAlertChannels({});
    cli.result(all, () => (all.length === 0 ? 'Nobody is told of problems yet. See: holdfast alerts add --help' : table(['ID', 'Name', 'To', 'Last message', ''], all.map((each) => [
      each.id, each.name, each.target, each.lastSentAt === null ? 'none yet' : ageText(Date.now() - Date.parse(each.lastSentAt)), each.enabled ? each.lastError ?? '' : 'switched off',
    ]))));
  }));

  const add = alerts.command('add').description('add a way to be told');
  add.command('desktop').argument('<name>').description('notifications on the computer whose app holds this hub')
    .action(cli.action(z.object({}), ({ args: [name = ''] }) => create(cli, name, { kind: 'desktop' })));
  add.command('email').argument('<name>').description('mail through an SMTP server')
    .requiredOption('--server <host:port>', 'the mail server; the usual port when none is given')
    .requiredOption('--from <address>', 'the sender').requiredOption('--to <address...>', 'the recipients')
    .option('--security <kind>', 'starttls (default), tls or none').option('--user <name>', 'to log in with').option('--password-file <file>', 'a file with the password, or - for standard input')
    .option('--certificate <file>', 'the certificate (PEM) of a server that no public authority vouches for')
    .action(cli.action(email, async ({ args: [name = ''], options: { server, passwordFile, security = 'starttls', certificate, ...rest } }) => {
      const [, host = server, port] = /^(.*?)(?::(\d{1,5}))?$/.exec(server) ?? [];
      await create(cli, name, {
        kind: 'email', host, port: port === undefined ? usualPort[security] : Number(port), security, ...rest,
        ...(passwordFile === undefined ? {} : { password: await secretFrom(passwordFile) }), ...(await pem(certificate)),
      });
    }));
  add.command('webhook').argument('<name>').description('a message to a web address: JSON, ntfy or Slack')
    .requiredOption('--url-file <file>', 'a file with the address, or - for standard input: whoever knows it may write there').option('--shape <shape>', 'json (default), ntfy or slack')
    .option('--token-file <file>', 'a file with a token to send along').option('--certificate <file>', 'the certificate (PEM) of a server that no public authority vouches for')
    .action(cli.action(webhook, async ({ args: [name = ''], options: { urlFile, shape = 'json', tokenFile, certificate } }) => {
      await create(cli, name, { kind: 'webhook', url: await secretFrom(urlFile), shape, ...(tokenFile === undefined ? {} : { token: await secretFrom(tokenFile) }), ...(await pem(certificate)) });
    }));

  alerts.command('test').argument('[channel]', 'id or name').description('send a test message').action(cli.action(z.object({}), async ({ args: [which] }) => {
    const admin = await hubAdmin(cli);
    const { id, name } = pick(await admin.listAlertChannels({}), which, 'channel');
    await admin.testAlertChannel({ id });
    cli.result({ id, name, sent: true }, () => `The test message went out by "${name}".`);
  }));

  alerts.command('remove').argument('<channel>', 'id or name').description('remove a way to be told').action(cli.action(z.object({}), async ({ args: [which] }) => {
    const admin = await hubAdmin(cli);
    const { id, name } = pick(await admin.listAlertChannels({}), which, 'channel');
    await admin.deleteAlertChannel({ id });
    cli.result({ id, name, removed: true }, () => `Removed "${name}".`);
  }));
};

async function create(cli: Cli, name: string, config: unknown): Promise<void> {
  const parsed = channelConfigSchema.safeParse(config);
  if (!parsed.success) throw new HoldfastError('usage', `That is not complete or not right: ${parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`).join('; ')}.`);
  const given: ChannelConfig = parsed.data;
  const { id } = await (await hubAdmin(cli)).createAlertChannel({ name, config: given });
  cli.result({ id, name }, () => `Added "${name}". Try it with: holdfast alerts test ${id}`);
}

/** Its first line. A secret given on the command line would be seen by every program on the computer. */
async function secretFrom(file: string): Promise<string> {
  return (await read(file === '-' ? '/dev/stdin' : file)).split(/\r?\n/, 1)[0] ?? '';
}

const pem = async (file: string | undefined): Promise<{ certificate?: string }> => (file === undefined ? {} : { certificate: await read(file) });

async function read(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (cause) {
    throw new HoldfastError('usage', `${file} cannot be read (${cause instanceof Error ? cause.message : String(cause)}).`, { cause });
  }
}
