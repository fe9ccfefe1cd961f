import path from 'node:path';
import { z } from 'zod';
import { HoldfastError } from '../../shared/errors.js';
import { bytesText, countText } from '../../shared/text.js';
import { collect, type Register } from '../cli.js';
import { hubAdmin } from '../hub/admin.js';
import { ownerAccess, storedRepository } from '../hub/stored-repository.js';
import { engineControl } from '../repository/control.js';
import { withEngine } from '../repository/engine.js';

const options = z.object({ target: z.string().min(1), identity: z.string().min(1).optional(), snapshot: z.string().default('latest'), include: z.array(z.string()).optional(), verify: z.boolean().optional() });

export const register: Register = (program, cli) => {
  program.command('recover').argument('[agent]', 'id or name of the computer that is lost; removed ones count').description('on the hub\'s computer: restore what a lost computer kept in hub storage')
    .requiredOption('-t, --target <dir>', 'the folder to restore into; made when missing')
    .option('-i, --identity <file>', 'the office\'s recovery key (else the password is given or asked for)')
    .option('--snapshot <id>', 'which snapshot, or ID:/a/folder (default: the newest)')
    .option('--include <pattern>', 'only what matches (may be given several times)', collect)
    .option('--verify', 'read everything back and compare')
    .action(cli.action(options, async ({ args: [which], options: given }) => {
      const admin = await hubAdmin(cli);
      const stored = await storedRepository(admin, which);
      const repository = await ownerAccess(cli, admin, stored, given, given.identity);
      const target = path.resolve(cli.process.cwd(), given.target);
      const { include, snapshot, verify } = given;
      const summary = await withEngine((engine) => engine.restore({ repository, snapshot, target, include, verify }, engineControl(cli, 'restore')));
      cli.result(summary, () => `Restored ${countText(summary.files_restored, 'file')}, ${bytesText(summary.bytes_restored)}, of "${stored.agent.name}" (snapshot ${summary.snapshot_id.slice(0, 8)}) to ${target}.`);
      if (summary.error_count > 0) throw new HoldfastError('destination-failed', `${countText(summary.error_count, 'file')} could not be restored completely. The reasons are above.`);
    }));
};
