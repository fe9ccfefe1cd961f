// @ts-check
/** Where things are in this checkout. */
import path from 'node:path';
import { fileURLToPath } from 'node:url';

/** The top folder of the checkout. */
export const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));

/** A path below the top folder. @param {...string} parts */
export const inRoot = (...parts) => path.join(root, ...parts);

/** Whether a module of this folder is the script that was started. @param {string} moduleUrl its import.meta.url */
export const isMain = (moduleUrl) => process.argv[1] !== undefined && path.resolve(process.argv[1]) === fileURLToPath(moduleUrl);
