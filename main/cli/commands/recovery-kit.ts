import { z } from 'zod';
import { recoveryKitText } from '../../shared/recovery-kit.js';
import { withAgent } from '../agent/control.js';
import type { Register } from '../cli.js';
import { pick } from '../hub/admin.js';

const options = z.object({ output: z.string().min(1).optional() });

export const register: Register = (program, cli) => {
  program.command('recovery-kit').argument('[job]', 'id or name (default: the only one)').description('show what opens the backups without this computer; its job may run by schedule then')
    .option('-o, --output <file>', 'write it to a file that only you can read')
    .action(cli.action(options, async ({ args: [which], options: { output } }) => {
      await withAgent(cli, async (control) => {
        const { jobs } = await control.call('state', {});
        const { destination } = pick(jobs.map(({ job }) => job), which, 'job');
        const kit = await control.call('recoveryKit', { destinationId: destination.id });
        if (output === undefined) {
          cli.result(kit, () => recoveryKitText(kit));
        } else {
          const { writeFileAtomic } = await import('../../platform/files/atomic.js');
          await writeFileAtomic(output, recoveryKitText(kit));
          cli.result({ written: output }, () => `Wrote ${output}. Take it off this computer: on paper, a USB stick or into a password manager.`);
        }
        await control.call('confirmRecoveryKit', { destinationId: destination.id });
      });
    }));
};
