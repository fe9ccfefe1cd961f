import path from 'node:path';
import { z } from 'zod';
import { hubAdmin, pick } from '../hub/admin.js';
import { newRecoveryKey, readRecoveryKeys, recoveryKeyText, writeRecoveryKey } from '../hub/recovery-key.js';
import { openFirst } from '../hub/stored-repository.js';
import type { Register } from '../cli.js';
import { withAgent } from '../agent/control.js';
import { HoldfastError } from '../../shared/errors.js';
import type { HubAdmin } from '../../shared/protocol/admin.js';
import type { SealedForOwner } from '../../shared/protocol/recovery.js';
import { localTime, table } from '../terminal/table.js';

/** On the hub's computer: the office's recovery key. On a computer of the office: whether its owner lets it be used. */
export const register: Register = (program, cli) => {
  const escrow = program.command('escrow').description('an office\'s recovery key, which opens the backups of its computers');

  escrow.command('create').description('make a recovery key and take it into use; the private half is shown or written this once and never kept by the hub')
    .option('-o, --output <file>', 'write it to this file (0600) instead of showing it')
    .action(cli.action(z.object({ output: z.string().min(1).optional() }), async ({ options: { output } }) => {
      const admin = await hubAdmin(cli);
      const key = await newRecoveryKey();
      const text = recoveryKeyText(key, new Date());
      const file = output === undefined ? null : path.resolve(cli.process.cwd(), output);
      if (file !== null) await writeRecoveryKey(file, text);
      await admin.useRecoveryKey({ recipient: key.recipient });
      cli.result(file === null ? key : { recipient: key.recipient, file }, () => (file === null
        ? `Keep this away from the hub, on paper or a stick in a safe. It is shown this once:\n\n${text}`
        : `The recovery key is in ${file}. Move it away from this computer, to a stick in a safe for example.`)
        + '\nComputers that join with a setup link made from now on may be recovered with it; the owners of the others are asked.');
    }));

  escrow.command('status').description('which key is in use, and whose passwords are sealed').action(cli.action(z.object({}), async () => {
    const found = await (await hubAdmin(cli)).escrow({});
    cli.result(found, () => [
      found.recipient === null ? 'No recovery key is in use.' : `In use since ${localTime(found.createdAt ?? '')}: ${found.recipient}`,
      ...(found.sealed.length === 0 ? ['No password is sealed yet.'] : [table(['Computer', 'Destination', 'Sealed', ''], found.sealed.map((each) => [each.agentName, each.destinationName, localTime(each.sealedAt), each.current ? '' : 'to an older key']))]),
    ].join('\n'));
  }));

  escrow.command('stop').description('use no recovery key any more').option('--forget', 'throw away the sealed passwords, too')
    .action(cli.action(z.object({ forget: z.boolean().optional() }), async ({ options: { forget } }) => {
      await (await hubAdmin(cli)).stopEscrow({ forget: forget === true });
      cli.result({ stopped: true, forgotten: forget === true }, () => `No recovery key is in use any more.${forget === true ? ' What was sealed is gone.' : ' What was sealed stays.'}`);
    }));

  escrow.command('open').argument('<agent>', 'id or name').description('print the repository password of a computer').requiredOption('-i, --identity <file>', 'the recovery key')
    .option('--destination <id>', 'which of its destinations (see: holdfast escrow status --json)')
    .action(cli.action(z.object({ identity: z.string(), destination: z.string().optional() }), async ({ args: [which], options: { destination, identity } }) => {
      const keys = await readRecoveryKeys(identity);
      const { agent, its } = await sealedOf(await hubAdmin(cli), which, destination);
      const password = await openFirst(its, keys);
      cli.result({ agentId: agent.id, password }, () => password);
    }));

  escrow.command('export').argument('<agent>', 'id or name').description('write what a computer sealed, for "age --decrypt"').requiredOption('-o, --output <file>', 'the file to write').option('--destination <id>', 'which of its destinations')
    .action(cli.action(z.object({ output: z.string().min(1), destination: z.string().optional() }), async ({ args: [which], options: { destination, output } }) => {
      const { its } = await sealedOf(await hubAdmin(cli), which, destination);
      const file = path.resolve(cli.process.cwd(), output);
      await writeRecoveryKey(file, its[0]?.sealed ?? '');
      cli.result({ file }, () => `Written to ${file}. Open it with: age --decrypt -i RECOVERY-KEY ${file}`);
    }));

  for (const allow of [true, false]) {
    escrow.command(allow ? 'allow' : 'refuse').description(allow ? 'on a computer of the office: let the office recover its backups' : 'on a computer of the office: do not let the office recover its backups')
      .action(cli.action(z.object({}), async () => {
        await withAgent(cli, async (control) => {
          const { connection, recovery } = await control.call('state', {});
          if (recovery === null || recovery === undefined) throw new HoldfastError('not-found', 'The hub of this computer has named no recovery key.');
          await control.call('answerRecovery', { recipient: recovery.recipient, allow });
          cli.result({ recipient: recovery.recipient, answer: allow ? 'allowed' : 'refused' }, () => `${connection.hubName ?? 'The office'} ${allow ? 'can' : 'cannot'} recover the backups of this computer with its recovery key.`);
        });
      }));
  }
};

/** What one computer sealed for one destination, newest first. */
async function sealedOf(admin: HubAdmin, which: string | undefined, destination: string | undefined): Promise<{ agent: { id: string; name: string }; its: readonly SealedForOwner[] }> {
  const sealed = await admin.listSealedPasswords({});
  const agent = pick([...new Map(sealed.map((each) => [each.agentId, { id: each.agentId, name: each.agentName }])).values()], which, 'computer');
  const its = sealed.filter((each) => each.agentId === agent.id && (destination === undefined || each.destinationId === destination));
  const ids = [...new Set(its.map((each) => each.destinationId))];
  if (ids.length !== 1) throw new HoldfastError('usage', ids.length === 0 ? `"${agent.name}" sealed nothing for that destination.` : `"${agent.name}" has several destinations. Say which with --destination: ${ids.join(', ')}.`);
  return { agent, its };
}
