/** Which Holdfast this is. */
import { readFileSync } from 'node:fs';
import { z } from 'zod';

const shape = z.object({ version: z.string() });

/** Of the package that this file is in: out/main/cli is three folders below its package.json. */
export const readVersion = (): string => shape.parse(JSON.parse(readFileSync(new URL('../../../package.json', import.meta.url), 'utf8'))).version;
