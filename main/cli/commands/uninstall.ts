import { existsSync } from 'node:fs';
import { z } from 'zod';
import { countText } from '../../shared/text.js';
import type { Register } from '../cli.js';

const options = z.object({ purge: z.boolean().default(false), yes: z.boolean().default(false), forgetPasswords: z.boolean().default(false), keepOnHub: z.boolean().default(false) });

export const register: Register = (program, cli) => {
  program.command('uninstall').description('end Holdfast on this computer; repositories are never touched')
    .option('--yes', 'do it; without this it only says what it would do')
    .option('--purge', 'remove settings, the token, passwords, history, logs and cache as well')
    .option('--keep-on-hub', 'with --purge: leave this computer and its jobs on the hub, whose keeper may give them to another one')
    .option('--forget-passwords', 'with --purge: also passwords whose recovery kit was never saved')
    .action(cli.action(options, async ({ options: { forgetPasswords, keepOnHub, purge, yes } }) => {
      const [{ planRemoval }, { carryOut, refuseToForget }, { openPlaces }, { cliService }, { openSettings }, { confStore }] = await Promise.all([
        import('../../platform/uninstall/plan.js'), import('../../platform/uninstall/carry-out.js'), import('../places.js'), import('../service.js'),
        import('../../platform/settings/settings.js'), import('../../platform/settings/conf.js'),
      ]);
      const { paths, secrets } = await openPlaces(cli);
      const settings = existsSync(paths.settingsFile) ? openSettings(paths.settingsFile, confStore).read() : null;
      const plan = await planRemoval(paths, settings, { purge, keepOnHub });
      const jobs = plan.jobs.map(({ destination, name }) => `  "${name}", into ${destination.url}`);
      if (jobs.length > 0) cli.say([`This computer still has ${countText(jobs.length, 'job')}, which will not run any more:`, ...jobs].join('\n'));
      if (plan.hub !== null) cli.say(`The hub ${plan.hub} is told, and removes this computer and its jobs there; --keep-on-hub leaves them, and its keeper gives them to another computer with "holdfast job move".`);
      for (const kept of plan.repositories) cli.say(`A repository is in ${kept}; it stays.`);
      refuseToForget(plan, forgetPasswords, 'Save it first with "holdfast recovery-kit --output FILE", or add --forget-passwords to lose those backups.');
      if (!yes) {
        cli.result({ removed: false, ...plan }, () => `${purge ? `It would stop the service and remove:\n${plan.files.map((file) => `  ${file}`).join('\n')}` : 'It would stop and remove the service and keep settings and passwords.'}\nTo do it, add --yes.`);
        return;
      }
      await carryOut(plan, { paths, settings, secrets, service: () => cliService(cli), say: (line) => cli.say(line), warn: (line) => cli.warn(line) });
      cli.result({ removed: true, ...plan }, () => (purge ? 'Holdfast is gone from this computer, except for the program itself.' : 'The service is gone. Settings and passwords are kept; remove them with --purge.'));
    }));
};
