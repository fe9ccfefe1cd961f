/** Whose hub is it? The proof is a private key in a folder of this user, not what anybody says. */
import { chmodSync, copyFileSync, mkdirSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { isOwnHub } from '../../../main/platform/policy/own-hub.js';
import { hostileHub } from '../../helpers/hostile-hub.js';
import { tempFolder } from '../../helpers/temp.js';
import { testHub } from './office.js';

test('a running hub of this user is its own, wherever its folder is; another is not, and neither is one that is gone', async () => {
  const empty = tempFolder();
  const mine = await testHub();
  expect(await isOwnHub(mine.fingerprint, mine.dataFolder)).toBe(true);
  expect(await isOwnHub(mine.fingerprint, empty)).toBe(true);
  const { fingerprint } = await hostileHub();
  expect(await isOwnHub(fingerprint, empty)).toBe(false);
  expect(await isOwnHub(null, mine.dataFolder)).toBe(false);
  await mine.close();
  expect(await isOwnHub(mine.fingerprint, empty)).toBe(false);
  expect(await isOwnHub(mine.fingerprint, mine.dataFolder)).toBe(true);
});

test('the certificate alone proves nothing, nor does a key that others may read', async () => {
  const mine = await testHub();
  await mine.close();
  const copy = path.join(tempFolder(), 'hub');
  mkdirSync(copy, { mode: 0o700 });
  copyFileSync(path.join(mine.dataFolder, 'hub-certificate.pem'), path.join(copy, 'hub-certificate.pem'));
  expect(await isOwnHub(mine.fingerprint, copy)).toBe(false);
  const other = await testHub();
  await other.close();
  copyFileSync(path.join(other.dataFolder, 'hub-key.pem'), path.join(copy, 'hub-key.pem'));
  chmodSync(path.join(copy, 'hub-key.pem'), 0o600);
  expect(await isOwnHub(mine.fingerprint, copy)).toBe(false);
  copyFileSync(path.join(mine.dataFolder, 'hub-key.pem'), path.join(copy, 'hub-key.pem'));
  chmodSync(path.join(copy, 'hub-key.pem'), 0o644);
  expect(await isOwnHub(mine.fingerprint, copy)).toBe(false);
  chmodSync(path.join(copy, 'hub-key.pem'), 0o600);
  expect(await isOwnHub(mine.fingerprint, copy)).toBe(true);
});
