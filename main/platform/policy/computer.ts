/** What the policy is compared with, from this computer's own file system. */
import { realpath } from 'node:fs/promises';
import path from 'node:path';
import type { PolicyComputer } from '../../agent/policy/local-consent.js';
import { fileError, systemCode } from '../files/errors.js';
import { readHook } from '../hooks/hook-file.js';

export const policyComputer: PolicyComputer = {
  realPath,
  hookFingerprint: async (file) => (await readHook(file)).sha256,
};

async function realPath(file: string): Promise<string> {
  try {
    return await realpath(file);
  } catch (cause) {
    const parent = path.dirname(file);
    if (parent === file || !['ENOENT', 'ENOTDIR'].includes(systemCode(cause) ?? '')) throw fileError(`look at ${file}`, cause);
    // A link that leads nowhere is not followed: what may be made at its end one day is asked about then.
    return path.join(await realPath(parent), path.basename(file));
  }
}
