/** Secrets in a file that only this user can read, for computers without a keychain. It is not one and is never called one. */
import { chmod, readFile, stat } from 'node:fs/promises';
import { z } from 'zod';
import type { SecretStore } from '../../agent/ports.js';
import { writeFileAtomic } from '../files/atomic.js';
import { parseJson } from '../files/document.js';
import { fileError, systemCode } from '../files/errors.js';

const schema = z.object({ version: z.literal(1), secrets: z.record(z.string(), z.string()) });

export function openSecretFile(file: string): SecretStore {
  let changing: Promise<void> = Promise.resolve();

  const read = async (): Promise<Map<string, string>> => {
    const text = await readFile(file, 'utf8').catch((cause: unknown) => {
      if (systemCode(cause) === 'ENOENT') return null;
      throw fileError(`read ${file}`, cause);
    });
    if (text === null) return new Map();
    if (((await stat(file)).mode & 0o077) !== 0) await chmod(file, 0o600);
    const { secrets } = parseJson(text, schema, (why) => `The file of secrets ${file} ${why}. Put back a copy of it, or move it away and join the hub again.`);
    return new Map(Object.entries(secrets));
  };

  const change = (edit: (secrets: Map<string, string>) => boolean): Promise<void> => {
    const done = changing.then(async () => {
      const secrets = await read();
      if (edit(secrets)) await writeFileAtomic(file, `${JSON.stringify({ version: 1, secrets: Object.fromEntries(secrets) }, null, 2)}\n`);
    });
    changing = done.catch(() => undefined);
    return done;
  };

  return {
    kind: 'file',
    description: `the file ${file}, readable by you only`,
    get: async (name) => (await read()).get(name) ?? null,
    set: (name, value) => change((secrets) => secrets.get(name) !== value && Boolean(secrets.set(name, value))),
    delete: (name) => change((secrets) => secrets.delete(name)),
  };
}
