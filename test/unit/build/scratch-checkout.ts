/** A small checkout in a temporary folder that obeys the same lint configuration as this one. */
import { cpSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { tempFolder } from '../../helpers/temp.js';

const root = path.resolve(import.meta.dirname, '..', '..', '..');
const configuration = ['package.json', '.dependency-cruiser.cjs', 'eslint.config.js', 'tsconfig.base.json', 'tsconfig.main.json', 'tsconfig.web.json', 'tsconfig.test.json'];

/** Makes it with these files, by path, and returns its folder. Removed when the test ends. */
export function scratchCheckout(files: Readonly<Record<string, string>>): string {
  const folder = tempFolder();
  for (const name of configuration) cpSync(path.join(root, name), path.join(folder, name));
  symlinkSync(path.join(root, 'node_modules'), path.join(folder, 'node_modules'));
  for (const name of ['main', 'preload', 'renderer']) mkdirSync(path.join(folder, name));
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(path.dirname(path.join(folder, name)), { recursive: true });
    writeFileSync(path.join(folder, name), text);
  }
  return folder;
}

/** A program of node_modules. */
export const tool = (name: string): string => path.join(root, 'node_modules', name);
