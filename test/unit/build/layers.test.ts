/** Every rule of .dependency-cruiser.cjs, shown to fire on a deliberate violation and to let through what is allowed. */
import { createRequire } from 'node:module';
import { expect, it } from 'vitest';
import { z } from 'zod';
import { run } from '../../helpers/processes.js';
import { scratchCheckout, tool } from './scratch-checkout.js';

const resultSchema = z.object({ summary: z.object({ violations: z.array(z.object({ from: z.string(), rule: z.object({ name: z.string(), severity: z.string() }) })) }) });
const configSchema = z.object({ forbidden: z.array(z.object({ name: z.string() })) });

/** One file per room, for others to import. */
const rooms = Object.fromEntries(
  ['main/shared', 'main/backup', 'main/agent', 'main/platform', 'main/hub', 'main/desktop', 'main/cli', 'preload', 'renderer/window', 'test/helpers', 'build'].map((room) => [`${room}/room.ts`, 'export const room = 1;\n']),
);

/** The rules that fire, as `rule: file`. */
async function violations(files: Record<string, string>): Promise<string[]> {
  const folder = scratchCheckout({ ...rooms, ...files });
  const { stdout, stderr } = await run(process.execPath, [tool('dependency-cruiser/bin/dependency-cruise.mjs'), '--config', '.dependency-cruiser.cjs', '--output-type', 'json', 'main', 'preload', 'renderer'], { cwd: folder });
  if (stdout === '') throw new Error(stderr);
  const found = resultSchema.parse(JSON.parse(stdout)).summary.violations;
  expect(found.every(({ rule }) => rule.severity === 'error')).toBe(true);
  return [...new Set(found.map(({ from, rule }) => `${rule.name}: ${from}`))].sort();
}

const imports = (...modules: string[]) => modules.map((name, index) => `import * as m${index} from '${name}';\nexport const u${index} = m${index};\n`).join('');

/** What is wrong, by rule; each file says with its name why it is. */
const wrong: [rule: string, file: string, text: string][] = [
  ['layer-shared', 'main/shared/imports-backup.ts', imports('../backup/room.js')],
  ['layer-backup', 'main/backup/imports-agent.ts', imports('../agent/room.js')],
  ['layer-backup', 'main/backup/imports-type-of-agent.ts', "import type { room } from '../agent/room.js';\nexport type A = typeof room;\n"],
  ['layer-agent', 'main/agent/imports-platform.ts', imports('../platform/room.js')],
  ['layer-agent', 'main/agent/imports-hub.ts', imports('../hub/room.js')],
  ['layer-platform', 'main/platform/imports-hub.ts', imports('../hub/room.js')],
  ['layer-hub', 'main/hub/imports-agent.ts', imports('../agent/room.js')],
  ['layer-hub', 'main/hub/imports-while-running.ts', "export const a = () => import('../backup/room.js');\n"],
  ['layer-desktop', 'main/desktop/imports-cli.ts', imports('../cli/room.js')],
  ['layer-cli', 'main/cli/imports-desktop.ts', imports('../desktop/room.js')],
  ['layer-preload', 'preload/imports-agent.ts', imports('../main/agent/room.js')],
  ['layer-renderer', 'renderer/window/imports-desktop.ts', imports('../../main/desktop/room.js')],
  ['electron-in-desktop-only', 'main/platform/imports-electron.ts', imports('electron')],
  ['electron-in-desktop-only', 'main/platform/imports-electron-store.ts', imports('electron-store')],
  ['electron-in-desktop-only', 'renderer/window/imports-electron.ts', imports('electron')],
  ['shared-without-node', 'main/shared/imports-node.ts', imports('node:fs')],
  ['shared-without-node', 'renderer/window/imports-node.ts', imports('node:path')],
  ['shared-with-zod-only', 'main/shared/imports-ws.ts', imports('ws')],
  ['no-cycles', 'main/agent/cycle.ts', imports('./cycle-through.js')],
  ['no-development-packages', 'main/cli/imports-playwright.ts', imports('playwright-core')],
  ['no-undeclared-packages', 'main/cli/imports-semver.ts', imports('semver')],
  ['no-tests-in-product', 'main/cli/imports-test.ts', imports('../../test/helpers/room.js')],
  ['resolvable', 'main/cli/imports-nothing.ts', imports('./nowhere.js')],
];

it('finds every deliberate violation', async () => {
  const files = Object.fromEntries(wrong.map(([, file, text]) => [file, text]));
  const found = await violations({ ...files, 'main/agent/cycle-through.ts': imports('./cycle.js') });
  // A cycle is reported for one of its files.
  const named = found.map((violation) => violation.replace('cycle-through', 'cycle'));
  expect(named).toEqual(expect.arrayContaining(wrong.map(([rule, file]) => `${rule}: ${file}`)));
}, 60_000);

it('tries every rule', () => {
  const config = configSchema.parse(createRequire(import.meta.url)('../../../.dependency-cruiser.cjs'));
  expect([...new Set(wrong.map(([rule]) => rule))].sort()).toEqual(config.forbidden.map(({ name }) => name).sort());
});

it('lets through what the layers allow', async () => {
  expect(await violations({
    'main/shared/right.ts': imports('zod', './room.js'),
    'main/backup/right.ts': imports('node:fs', '../shared/room.js', './room.js'),
    'main/agent/right.ts': imports('../shared/room.js', '../backup/room.js', 'ws'),
    'main/platform/right.ts': imports('../agent/room.js', '../backup/room.js', 'keytar', 'conf'),
    'main/hub/right.ts': imports('../shared/room.js', 'fastify', 'libsql', 'ws', 'kysely'),
    'main/desktop/right.ts': imports('electron', 'electron-store', '../hub/room.js', '../platform/room.js', '../agent/room.js'),
    'main/cli/right.ts': imports('commander', '../hub/room.js', '../platform/room.js'),
    'preload/right.ts': imports('electron', '../main/shared/room.js'),
    'renderer/window/right.tsx': imports('react', 'react-dom/client', 'react-aria-components', '../../main/shared/room.js'),
  })).toEqual([]);
}, 60_000);
