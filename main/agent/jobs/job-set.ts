/** The job set that the hub sent last. The agent runs it whether or not the hub is in sight. */
import { z } from 'zod';
import type { Document } from '../ports.js';
import { jobSchema, type Job } from '../../shared/model.js';

export const jobSetSchema = z.object({ revision: z.number().int().min(0), jobs: z.array(jobSchema) });
export type JobSetData = z.infer<typeof jobSetSchema>;
export const emptyJobSet: JobSetData = { revision: 0, jobs: [] };

export class JobSet {
  constructor(private readonly document: Document<JobSetData>) {}

  get revision(): number {
    return this.document.read().revision;
  }

  get all(): readonly Job[] {
    return this.document.read().jobs;
  }

  find(jobId: string): Job | undefined {
    return this.all.find((job) => job.id === jobId);
  }

  /** Resolves once the set is on disk. */
  async replace(revision: number, jobs: Job[]): Promise<void> {
    await this.document.write({ revision, jobs });
  }
}
