/** The scripts behind `npm start`, `npm test` and `npm run build`, run as a person runs them. */
import { chmodSync, existsSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, it } from 'vitest';
import { run } from '../../helpers/processes.js';
import { tempFolder } from '../../helpers/temp.js';

const script = (name: string) => path.resolve(import.meta.dirname, '..', '..', '..', 'build', name);
const lastLine = (text: string) => text.trimEnd().split('\n').at(-1);

it('refuses an unknown part of the tests in a sentence, and still ends with the count', async () => {
  const { code, stdout, stderr } = await run(process.execPath, [script('test.mjs'), '--only', 'nonsense']);
  expect(code).toBe(1);
  expect(lastLine(stdout)).toBe('0 passed, 1 failed');
  expect(stderr).toBe('holdfast: There is no part "nonsense" of the tests. The parts are: lint, e2e, unit, integration, interop.\n');
});

it('refuses an unknown build step in a sentence', async () => {
  const { code, stderr } = await run(process.execPath, [script('build.mjs'), 'nonsense']);
  expect(code).toBe(1);
  expect(stderr).toContain('There is no build step "nonsense".');
});

it('has nothing to build a second time', async () => {
  expect(await run(process.execPath, [script('build.mjs')])).toMatchObject({ code: 0, stderr: '' });
  const { code, stdout } = await run(process.execPath, [script('build.mjs')]);
  expect(code).toBe(0);
  expect(stdout).toBe('holdfast: out/ is up to date\n');
});

it('says which Electron does not run', async () => {
  const folder = tempFolder();
  const broken = path.join(folder, 'electron');
  writeFileSync(broken, '#!/bin/sh\necho broken; exit 3\n');
  chmodSync(broken, 0o755);
  const { code, stderr } = await run(process.execPath, [script('start.mjs')], { env: { DISPLAY: ':0', ELECTRON_OVERRIDE_DIST_PATH: folder } });
  expect(code).toBe(1);
  expect(stderr).toBe(`holdfast: Electron of ELECTRON_OVERRIDE_DIST_PATH in ${folder} does not run (exit 3).\nbroken\n`);
});

it('copies what packages and pages need', () => {
  for (const file of ['out/icons/app.png', 'out/icons/tray/protected-22.png', 'out/icons/tray/protected-22@2x.png', 'out/icons/tray/protectedTemplate.png', 'out/preload/preload.cjs']) {
    expect(existsSync(path.resolve(import.meta.dirname, '..', '..', '..', file)), file).toBe(true);
  }
});
