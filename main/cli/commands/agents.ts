import { z } from 'zod';
import { countText, ageText } from '../../shared/text.js';
import { hubAdmin, pickAgent } from '../hub/admin.js';
import type { Register } from '../cli.js';
import { table } from '../terminal/table.js';

export const register: Register = (program, cli) => {
  const agents = program.command('agents').description('the computers of this hub');

  agents.command('list').description('list them').action(cli.action(z.object({}), async () => {
    const all = await (await hubAdmin(cli)).listAgents({});
    cli.result(all, () => (all.length === 0 ? 'No computer has joined yet.' : table(['ID', 'Name', 'Seen', 'Status', ''], all.map((each) => [
      each.id, each.name, each.online ? 'now' : each.lastSeenAt === null ? 'never' : ageText(Date.now() - Date.parse(each.lastSeenAt)), each.status, each.reason,
    ]))));
  }));

  agents.command('add').argument('<name>').description('make a computer known and get its agent token; it is shown this once').action(cli.action(z.object({}), async ({ args: [name = ''] }) => {
    const { id, link, name: called, token } = await (await hubAdmin(cli)).addAgent({ name });
    cli.result({ id, name: called, token, link }, () => `On that computer, put this link into a file and run "holdfast agent --token-file FILE":\n\n    ${link}`);
  }));

  agents.command('delete').argument('<agent>', 'id or name').description('remove a computer and its jobs; its snapshots stay').action(cli.action(z.object({}), async ({ args: [which] }) => {
    const admin = await hubAdmin(cli);
    const { id, name } = await pickAgent(admin, which);
    const { deletedJobs } = await admin.deleteAgent({ id });
    cli.result({ id, name, deletedJobs }, () => `Removed "${name}" and ${countText(deletedJobs.length, 'job')}.`);
  }));
};
