/** What was found on a computer that could be backed up: sources to choose from, a sentence each. */
import { z } from 'zod';
import { sourceSchema } from './model.js';

export const proposalSchema = z.object({
  source: sourceSchema,
  /** What it is and what would be backed up, in one sentence. */
  sentence: z.string(),
});
export type Proposal = z.infer<typeof proposalSchema>;

export const discoverySchema = z.object({
  proposals: z.array(proposalSchema),
  /** What was not looked at, or was found and cannot be backed up; a sentence each. */
  notes: z.array(z.string()),
});
export type Discovery = z.infer<typeof discoverySchema>;
