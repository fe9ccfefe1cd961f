import path from 'node:path';
import { z } from 'zod';
import { sourceAddress } from '../../shared/source-address.js';
import type { Register } from '../cli.js';

/** A word that a shell takes as it is, or in quotes. */
const shellWord = (word: string): string => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll('\'', '\'\\\'\'')}'`);

export const register: Register = (program, cli) => {
  program.command('discover').argument('[folders...]', 'search these for sites and SQLite files (default: this folder)')
    .description('find databases and sites on this computer that a job could back up')
    .action(cli.action(z.object({}), async ({ args }) => {
      const folders = (args.length === 0 ? ['.'] : args).map((folder) => path.resolve(cli.process.cwd(), folder));
      const { discover } = await import('../../backup/source/discover/discover.js');
      const found = await discover({ env: cli.env, folders, signal: cli.signal });
      const proposals = found.proposals.flatMap(({ sentence, source }) => (source.type === 'files' ? [] : [{ sentence, source, address: sourceAddress(source) }]));
      cli.result({ proposals, notes: found.notes }, () => [
        ...proposals.flatMap(({ address, sentence }) => [sentence, `    --source ${shellWord(address)}`]),
        ...(proposals.length === 0 ? ['Nothing was found.'] : ['', 'Back one up with: holdfast job add NAME --source … --repo …']),
        ...found.notes,
      ].join('\n'));
    }));
};
