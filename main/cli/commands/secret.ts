import { z } from 'zod';
import { HoldfastError } from '../../shared/errors.js';
import { parseSourceAddress } from '../../shared/source-address.js';
import { isServer, passwordTarget, serverText } from '../../shared/sources.js';
import { withAgent } from '../agent/control.js';
import type { Cli, Register } from '../cli.js';
import { askPassword, canAsk } from '../terminal/prompt.js';

/** More is no password. */
const mostBytes = 4096;

/** The server's name in the keychain, and as people write it. */
function targetOf(address: string): { target: string; server: string } {
  const source = parseSourceAddress(address);
  if (!isServer(source)) throw new HoldfastError('usage', 'That source needs no password here: files have none, and sites have theirs in their own settings.');
  return { target: passwordTarget(source), server: serverText(source) };
}

/** Asked on the terminal without echo, else the first line of standard input. */
async function password(cli: Cli, server: string): Promise<string> {
  if (canAsk(cli)) return askPassword(cli, `Password for ${server}: `);
  let text = '';
  for await (const piece of cli.process.stdin.setEncoding('utf8')) {
    text += String(piece);
    if (text.length > mostBytes) throw new HoldfastError('usage', 'That is too long for a password.');
  }
  return text.split('\n', 1)[0]?.replace(/\r$/, '') ?? '';
}

export const register: Register = (program, cli) => {
  const secret = program.command('secret').description('passwords of database servers, in the keychain of this computer');
  const server = 'the server, e.g. postgresql://anna@localhost:5432';

  secret.command('set').argument('<source>', server).description('ask for the password and keep it (or take it from standard input)')
    .action(cli.action(z.object({}), async ({ args: [address = ''] }) => {
      const { server: name, target } = targetOf(address);
      const entered = await password(cli, name);
      if (entered === '') throw new HoldfastError('password-missing', 'The password is empty. Servers that need none need no secret here.');
      await withAgent(cli, (control) => control.call('setSourcePassword', { target, password: entered }));
      cli.result({ target }, () => `The password for ${target} is kept on this computer.`);
    }));

  secret.command('remove').argument('<source>', server).description('forget it')
    .action(cli.action(z.object({}), async ({ args: [address = ''] }) => {
      const { target } = targetOf(address);
      await withAgent(cli, (control) => control.call('setSourcePassword', { target, password: null }));
      cli.result({ target }, () => `The password for ${target} is forgotten.`);
    }));
};
