import { z } from 'zod';
import { asHoldfastError, HoldfastError } from '../../shared/errors.js';
import { countText } from '../../shared/text.js';
import type { Register } from '../cli.js';
import { readVersion } from '../version.js';

const options = z.object({ bundle: z.string().min(1).optional() });

export const register: Register = (program, cli) => {
  program.command('doctor').description('look for what keeps Holdfast from working here')
    .option('--bundle <file>', 'write what support needs into a file: findings, settings and logs, without any secret')
    .action(cli.action(options, async ({ options: { bundle } }) => {
      const { examine } = await import('../doctor/examine.js');
      const findings = [];
      for await (const finding of examine(cli)) {
        findings.push(finding);
        cli.say(`${finding.ok ? 'ok     ' : 'PROBLEM'}  ${finding.what}: ${finding.text}`);
      }
      if (cli.json) cli.result({ version: readVersion(), findings }, () => '');
      if (bundle !== undefined) {
        const { writeBundle } = await import('../doctor/bundle.js');
        await writeBundle(cli, bundle, findings);
        cli.say(`Wrote ${bundle}. It holds names of your folders and computers, and no password or token.`);
      }
      const problems = findings.filter(({ ok }) => !ok);
      if (problems.length > 0) throw new HoldfastError(asHoldfastError(problems[0]?.error).code, `${countText(problems.length, 'problem')} found.`);
    }));
};
