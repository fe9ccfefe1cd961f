/** Marks a job's snapshots, so that retention and restore find them in a repository that others share. */
export const jobTag = (jobId: string): string => `holdfast-job-${jobId}`;
