/** Hub storage as a destination: the same tests as for every other backend, on a real hub with its self-signed certificate. */
import { afterAll, beforeAll } from 'vitest';
import path from 'node:path';
import { openBackend } from '../../../main/backup/backend/open.js';
import { startHub, type RunningHub } from '../../../main/hub/index.js';
import { removeTree, tempFolder } from '../../helpers/temp.js';
import { storedAgent, type Stored } from '../../helpers/storage.js';
import { conformance } from './conformance.js';

const folder = tempFolder({ keep: true });
let hub: RunningHub;
let stored: Stored;
let nowhere: Stored;
beforeAll(async () => {
  hub = await startHub({ dataFolder: path.join(folder, 'hub'), version: '0.0.0', name: 'Test hub', listen: { host: '127.0.0.1', port: 0 }, logger: { log: () => undefined } });
  nowhere = await storedAgent(hub, 'nowhere');
  stored = await storedAgent(hub);
});
afterAll(async () => {
  await hub.close();
  await removeTree(folder);
});

const backendOf = ({ url, user, password }: Stored) =>
  openBackend({ url, backend: { user, password, 'certificate-pin': hub.fingerprint, 'retry-seconds': '1' }, cacheFolder: path.join(folder, 'cache', user) });

conformance('hub storage', { open: () => backendOf(stored), openNowhere: () => backendOf(nowhere) }, {
  canReplace: false, canRemove: false,
  fresh: async () => { stored = await storedAgent(hub); },
});
