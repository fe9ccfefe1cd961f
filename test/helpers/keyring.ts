/** The secret service of the test session, asked by libsecret's own tool, so that a test does not trust the code it tests. */
import { run, runOk } from './processes.js';

/** The secret stored under service and account (keytar's attributes), or undefined when there is none. */
export async function secretToolLookup(service: string, account: string): Promise<string | undefined> {
  const result = await run('secret-tool', ['lookup', 'service', service, 'account', account], { limit: 20_000 });
  if (result.code === 0) return result.stdout;
  if (result.stderr.trim() === '') return undefined; // exit 1 and silence: no such item
  throw new Error(`secret-tool lookup failed: ${result.stderr.trim()}`);
}

/** Stores a secret under service and account. */
export async function secretToolStore(service: string, account: string, secret: string): Promise<void> {
  await runOk('secret-tool', ['store', '--label', `${service}/${account}`, 'service', service, 'account', account], { input: secret, limit: 20_000 });
}

/** Removes every secret of a service. */
export async function secretToolClear(service: string): Promise<void> {
  await run('secret-tool', ['clear', 'service', service], { limit: 20_000 });
}
