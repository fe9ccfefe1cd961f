/** Gives a local repository a key that is quick to open, for tests that open it hundreds of times. The password stays. */
import { randomBytes, scryptSync } from 'node:crypto';
import { LocalBackend } from '../../main/backup/backend/local.js';
import { Sealer } from '../../main/backup/format/crypto.js';
import { hashOf } from '../../main/backup/format/id.js';
import { openRepository } from '../../main/backup/repository/repository.js';
import { Kernel } from '../../main/backup/wasm/kernel.js';

export async function makeKeyCheap(url: string, password: string): Promise<void> {
  const backend = new LocalBackend(url);
  const { keys, keyId } = await openRepository(backend, password);
  const cost = { N: 16, r: 1, p: 1 };
  const salt = randomBytes(64);
  const derived = scryptSync(password, salt, 64, cost);
  const sealer = new Sealer({ encrypt: derived.subarray(0, 32), macK: derived.subarray(32, 48), macR: derived.subarray(48, 64) }, new Kernel());
  const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64');
  const data = sealer.seal(Buffer.from(JSON.stringify({ mac: { k: text(keys.macK), r: text(keys.macR) }, encrypt: text(keys.encrypt) })));
  const file = Buffer.from(JSON.stringify({ created: new Date().toISOString(), username: 'u', hostname: 'h', kdf: 'scrypt', ...cost, salt: text(salt), data: text(data) }));
  await backend.save({ kind: 'keys', name: hashOf(file) }, file);
  await backend.remove({ kind: 'keys', name: keyId });
  await backend.close();
}
