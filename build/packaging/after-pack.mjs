// @ts-check
import { rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { mustRun, npm } from '../run.mjs';
import { inRoot } from '../checkout.mjs';
import { licences } from './licences.mjs';

/**
 * Finishes a package before it is signed: takes out what belongs to a development runtime (the default app, which would run
 * any folder it is given), and adds the licences and the list of what is inside (SBOM, CycloneDX).
 * @param {{appOutDir: string, electronPlatformName: string, packager: {appInfo: {productFilename: string}}}} context
 */
export default async function afterPack({ appOutDir, electronPlatformName, packager }) {
  const resources = electronPlatformName === 'darwin'
    ? path.join(appOutDir, `${packager.appInfo.productFilename}.app`, 'Contents', 'Resources')
    : path.join(appOutDir, 'resources');
  await rm(path.join(resources, 'default_app.asar'), { recursive: true, force: true });
  await writeFile(path.join(resources, 'LICENSES.txt'), licences());
  await writeFile(path.join(resources, 'sbom.cdx.json'), await billOfMaterials());
}

/** Two builds of one commit give the same list: npm's own serial number and time are taken out. */
async function billOfMaterials() {
  const [command, first] = npm();
  const text = await mustRun('Listing what the package holds', command, [...first, 'sbom', '--sbom-format=cyclonedx', '--omit=dev', '--loglevel=error'], { cwd: inRoot(), limit: 120_000 });
  const bill = JSON.parse(text.slice(text.indexOf('{')));
  delete bill.serialNumber;
  delete bill.metadata.timestamp;
  return `${JSON.stringify(bill, null, 1)}\n`;
}
