/** Builds the packages once for all tests, from the tree as it is. HOLDFAST_TEST_PACKAGES names a folder that has them already. */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { TestProject } from 'vitest/node';
import { compile } from '../../build/compile.mjs';
import { packWithDevelopmentRuntime } from '../../build/packaging/with-development-runtime.mjs';
import { mustRun } from '../../build/run.mjs';

const root = path.resolve(import.meta.dirname, '../..');

export default async function setup(project: TestProject): Promise<() => void> {
  const given = process.env['HOLDFAST_TEST_PACKAGES'];
  const folder = given ?? mkdtempSync(path.join(tmpdir(), 'holdfast-packages-'));
  if (given === undefined) {
    await compile();
    // From a copy: whoever rebuilds out/ meanwhile would tear the archive apart.
    const copy = path.join(folder, 'source');
    mkdirSync(copy);
    await mustRun('Copying the tree', 'sh', ['-c', 'cp -a build out LICENSE electron-builder.yml package.json package-lock.json .npmrc "$0" && cp -al node_modules "$0" 2>/dev/null || cp -a node_modules "$0"', copy], { cwd: root });
    await packWithDevelopmentRuntime(copy, folder);
  }
  project.provide('packages', folder);
  return () => { if (given === undefined) rmSync(folder, { recursive: true, force: true }); };
}
