import { z } from 'zod';
import { hubAdmin } from '../hub/admin.js';
import type { Register } from '../cli.js';
import { localTime, table } from '../terminal/table.js';

const create = z.object({
  expiresIn: z.union([z.literal('never').transform(() => null), z.coerce.number().positive()]).optional(),
  maxUses: z.coerce.number().int().positive().optional(),
});

export const register: Register = (program, cli) => {
  const token = program.command('setup-token').description('tokens with which computers join this hub');

  token.command('create').argument('<name>', 'what it is for').description('make one; it is shown this once')
    .option('--expires-in <hours>', 'hours until it expires, or "never" (default: a week)')
    .option('--max-uses <n>', 'how many computers may join with it (default: any number)')
    .action(cli.action(create, async ({ args: [name = ''], options: { expiresIn, maxUses } }) => {
      const made = await (await hubAdmin(cli)).createSetupToken({ name, ...(expiresIn === undefined ? {} : { expiresInHours: expiresIn }), ...(maxUses === undefined ? {} : { maxUses }) });
      cli.result(made, () => `On the other computer, where Holdfast is not installed yet, run:\n\n    ${made.command}\n\n`
        + `where it is, run:\n\n    holdfast join '${made.link}'\n\nor paste the link there in the app. ${made.expiresAt === null ? 'It does not expire' : `It expires at ${localTime(made.expiresAt)}`}; it is shown this once.`);
    }));

  token.command('list').description('list them').action(cli.action(z.object({}), async () => {
    const tokens = await (await hubAdmin(cli)).listSetupTokens({});
    cli.result(tokens, () => (tokens.length === 0 ? 'No setup tokens.' : table(['ID', 'Name', 'Used', 'Expires', ''], tokens.map((each) => [
      each.id, each.name, `${each.uses}${each.maxUses === null ? '' : ` of ${each.maxUses}`}`, each.expiresAt === null ? 'never' : localTime(each.expiresAt),
      each.revokedAt !== null ? 'revoked' : each.usable ? 'usable' : 'used up',
    ]))));
  }));

  token.command('revoke').argument('<id>').description('let nobody join with it any more; computers that did stay').action(cli.action(z.object({}), async ({ args: [id = ''] }) => {
    await (await hubAdmin(cli)).revokeSetupToken({ id });
    cli.result({ id, revoked: true }, () => 'Revoked.');
  }));
};
