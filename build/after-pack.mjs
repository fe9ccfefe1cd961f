// @ts-check
import { rm } from 'node:fs/promises';
import path from 'node:path';

/**
 * Takes out of a package what belongs to a development runtime: the default app, which would run any folder it is given.
 * electron-builder calls it after it has laid out the package and before it signs.
 * @param {{appOutDir: string, electronPlatformName: string, packager: {appInfo: {productFilename: string}}}} context
 */
export default async function afterPack({ appOutDir, electronPlatformName, packager }) {
  const resources = electronPlatformName === 'darwin'
    ? path.join(appOutDir, `${packager.appInfo.productFilename}.app`, 'Contents', 'Resources')
    : path.join(appOutDir, 'resources');
  await rm(path.join(resources, 'default_app.asar'), { recursive: true, force: true });
}
