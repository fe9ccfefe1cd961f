/** How Holdfast signs its snapshots. */
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';

const shape = z.object({ name: z.literal('holdfast'), version: z.string() });

/** The version in the nearest package.json above this file: the checkout's, the npm package's or the app's. */
function read(): string {
  for (let folder = dirname(fileURLToPath(import.meta.url)); folder !== dirname(folder); folder = dirname(folder)) {
    try {
      const found = shape.safeParse(JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')));
      if (found.success) return found.data.version;
    } catch {
      // not here
    }
  }
  return 'unknown';
}

export const programVersion = `holdfast ${read()}`;
