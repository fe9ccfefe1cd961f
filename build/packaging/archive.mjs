// @ts-check
import process from 'node:process';
import { mustRun } from '../run.mjs';

/**
 * Packs a folder so that the same files give the same bytes, whenever, where and by whom: names in order, one time
 * (SOURCE_DATE_EPOCH, else 0) for all, no owners, and rights that do not depend on a umask. https://reproducible-builds.org/docs/archives/
 * The tar of macOS has none of these options; there it is a plain archive.
 * @param {string} file the .tar.gz to make @param {string} parent of the folder @param {string} folder its name
 */
export async function archive(file, parent, folder) {
  const options = process.platform === 'darwin'
    ? ['-z']
    : ['-I', 'gzip -9n', '--sort=name', `--mtime=@${process.env['SOURCE_DATE_EPOCH'] ?? 0}`, '--owner=0', '--group=0', '--numeric-owner', '--mode=u+rwX,go+rX,go-w', '--format=gnu'];
  await mustRun('packing', 'tar', [...options, '-cf', file, '-C', parent, folder]);
}
