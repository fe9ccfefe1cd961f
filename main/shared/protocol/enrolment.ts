/** `POST /api/enrol`: a setup token is exchanged for an agent token. Authorization: Bearer <setup token>. */
import { z } from 'zod';
import { idSchema } from '../model.js';
import { tokenSchema } from './token.js';

export const enrolPath = '/api/enrol';
export const enrolRequestSchema = z.object({ name: z.string().trim().min(1).max(120), host: z.string().max(255), os: z.string().max(40), arch: z.string().max(40), version: z.string().max(40) });
export const enrolResponseSchema = z.object({ agentId: idSchema, name: z.string(), token: tokenSchema, hubName: z.string() });
export type EnrolRequest = z.infer<typeof enrolRequestSchema>;
export type EnrolResponse = z.infer<typeof enrolResponseSchema>;

/** `POST /api/leave`: this computer removes itself, with its jobs. Authorization: Bearer <agent token>. Snapshots stay. */
export const leavePath = '/api/leave';
export const leaveResponseSchema = z.object({ removedJobs: z.array(z.object({ id: z.string(), name: z.string() })) });
export type LeaveResponse = z.infer<typeof leaveResponseSchema>;
