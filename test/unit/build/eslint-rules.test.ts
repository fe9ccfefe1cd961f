/** The rules of eslint.config.js that this project adds or relies on, shown to fire. One run of ESLint over all violations. */
import { expect, it } from 'vitest';
import { z } from 'zod';
import { run } from '../../helpers/processes.js';
import { scratchCheckout, tool } from './scratch-checkout.js';

const resultSchema = z.array(z.object({ filePath: z.string(), messages: z.array(z.object({ ruleId: z.string().nullable(), severity: z.number(), message: z.string() })) }));

const promise = 'export async function work(): Promise<void> {}\n';
const wrong: Record<string, [rule: string, text: string]> = {
  'main/agent/any.ts': ['@typescript-eslint/no-explicit-any', 'export const a: any = 1;\n'],
  'main/agent/floating.ts': ['@typescript-eslint/no-floating-promises', `${promise}work();\n`],
  'main/agent/misused.ts': ['@typescript-eslint/no-misused-promises', `${promise}if (work()) process.exit();\n`],
  'main/agent/type-import.ts': ['@typescript-eslint/consistent-type-imports', "import { Stats } from 'node:fs';\nexport type A = Stats;\n"],
  'main/agent/ignore.ts': ['@typescript-eslint/ban-ts-comment', "// @ts-ignore\nexport const a: number = 'x';\n"],
  'main/agent/through-unknown.ts': ['no-restricted-syntax', "export const a = 'x' as unknown as number;\n"],
  'main/agent/long.ts': ['max-lines', 'export {};\n'.repeat(501)],
  'main/desktop/raw.ts': ['no-restricted-imports', "import { ipcMain } from 'electron';\nipcMain.removeAllListeners();\n"],
  'main/desktop/namespace.ts': ['no-restricted-syntax', "import * as electron from 'electron';\nelectron.ipcMain.removeAllListeners();\n"],
  'renderer/window/Hook.tsx': ['react-hooks/rules-of-hooks', "import { useState } from 'react';\nexport function Hook(p: { a: boolean }) {\n  if (p.a) useState(1);\n  return null;\n}\n"],
  'renderer/window/floating.ts': ['@typescript-eslint/no-floating-promises', `${promise}work();\n`],
  'test/unit/floating.test.ts': ['@typescript-eslint/no-floating-promises', `${promise}work();\n`],
};
const right: Record<string, string> = {
  'main/desktop/ipc/register.ts': "import { ipcMain } from 'electron';\nipcMain.removeAllListeners();\n",
  'preload/preload.ts': "import { ipcRenderer } from 'electron';\nipcRenderer.removeAllListeners('x');\n",
};

it('finds each deliberate violation and nothing in what is allowed', async () => {
  const files = { ...Object.fromEntries(Object.entries(wrong).map(([name, [, text]]) => [name, text])), ...right };
  const folder = scratchCheckout(files);
  const { stdout, stderr } = await run(process.execPath, [tool('eslint/bin/eslint.js'), '--format', 'json', 'main', 'preload', 'renderer', 'test'], { cwd: folder, limit: 90_000 });
  if (stdout === '') throw new Error(stderr);
  const found = Object.fromEntries(
    resultSchema.parse(JSON.parse(stdout)).map(({ filePath, messages }) => [filePath.slice(folder.length + 1), messages.filter(({ severity }) => severity === 2).map(({ ruleId, message }) => ruleId ?? message)]),
  );
  expect(Object.keys(found).sort()).toEqual(Object.keys(files).sort());
  for (const [name, [rule]] of Object.entries(wrong)) expect(found[name], name).toContain(rule);
  for (const name of Object.keys(right)) expect(found[name], name).toEqual([]);
}, 120_000);
