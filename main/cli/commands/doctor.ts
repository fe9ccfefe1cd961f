import { z } from 'zod';
import { asHoldfastError, HoldfastError } from '../../shared/errors.js';
import { countText } from '../../shared/text.js';
import type { Register } from '../cli.js';
import { readVersion } from '../version.js';

export const register: Register = (program, cli) => {
  program.command('doctor').description('look for what keeps Holdfast from working here').action(cli.action(z.object({}), async () => {
    const { examine } = await import('../doctor/examine.js');
    const findings = [];
    for await (const finding of examine(cli)) {
      findings.push(finding);
      cli.say(`${finding.ok ? 'ok     ' : 'PROBLEM'}  ${finding.what}: ${finding.text}`);
    }
    if (cli.json) cli.result({ version: readVersion(), findings }, () => '');
    const problems = findings.filter(({ ok }) => !ok);
    if (problems.length > 0) throw new HoldfastError(asHoldfastError(problems[0]?.error).code, `${countText(problems.length, 'problem')} found.`);
  }));
};
