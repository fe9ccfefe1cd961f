// @ts-check
import { readFileSync } from 'node:fs';
import { rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { mustRun, npm } from '../run.mjs';
import { inRoot } from '../checkout.mjs';
import { bundled, licences } from './licences.mjs';

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

/** What the licences are of, and nothing else. Two builds of one commit give the same list: npm's own serial number and time are taken out, and the name of the folder. */
async function billOfMaterials() {
  const [command, first] = npm();
  const text = await mustRun('Listing what the package holds', command, [...first, 'sbom', '--sbom-format=cyclonedx', '--loglevel=error'], { cwd: inRoot(), limit: 120_000 });
  const bill = JSON.parse(text.slice(text.indexOf('{')));
  bill.metadata.component.name = JSON.parse(readFileSync(inRoot('package.json'), 'utf8')).name;
  const inside = new Set(bundled().map(({ name, version }) => `${name}@${version}`));
  const refs = new Set([bill.metadata.component['bom-ref']]);
  bill.components = bill.components.filter((/** @type {{name: string, group?: string, version: string, 'bom-ref': string}} */ one) => {
    const kept = inside.has(`${one.group ? `${one.group}/` : ''}${one.name}@${one.version}`);
    if (kept) refs.add(one['bom-ref']);
    return kept;
  });
  bill.dependencies = bill.dependencies
    .filter((/** @type {{ref: string}} */ { ref }) => refs.has(ref))
    .map((/** @type {{ref: string, dependsOn?: string[]}} */ one) => ({ ...one, dependsOn: (one.dependsOn ?? []).filter((ref) => refs.has(ref)) }));
  delete bill.serialNumber;
  delete bill.metadata.timestamp;
  return `${JSON.stringify(bill, null, 1)}\n`;
}
