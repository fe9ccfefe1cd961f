/** The policy's file: only this user may read or write it, and it survives a power cut. */
import { storedPolicySchema, type StoredPolicy } from '../../agent/policy/policy.js';
import type { Document } from '../../agent/ports.js';
import { openDocument } from '../files/document.js';
import type { Paths } from '../paths/paths.js';

/** @throws HoldfastError `settings-invalid` for a damaged file: guessing what was allowed would be worse than stopping. */
export const openPolicy = ({ policyFile }: Pick<Paths, 'policyFile'>): Promise<Document<StoredPolicy>> => openDocument<StoredPolicy>({
  file: policyFile, schema: storedPolicySchema, initial: null, remedy: 'Move it away and start again; then what jobs did here before counts as allowed, and all else is asked anew.',
});
