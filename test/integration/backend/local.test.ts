import path from 'node:path';
import { afterAll } from 'vitest';
import { openBackend } from '../../../main/backup/backend/open.js';
import { removeTree, tempFolder } from '../../helpers/temp.js';
import { conformance } from './conformance.js';

const folder = tempFolder({ keep: true });
afterAll(() => removeTree(folder));

conformance('a local folder', {
  open: () => openBackend({ url: path.join(folder, 'repository') }),
  openNowhere: () => openBackend({ url: path.join(folder, 'nowhere', 'at all') }),
});
