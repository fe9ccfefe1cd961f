/** `POST /api/leave`: Holdfast was removed from a computer, and says so with its agent token. It can remove nothing but itself. */
import type { FastifyInstance, FastifyReply } from 'fastify';
import { HoldfastError } from '../../shared/errors.js';
import { leavePath, type LeaveResponse } from '../../shared/protocol/enrolment.js';
import type { Agents } from '../agents/agents.js';
import type { FailureLimit } from '../api/failure-limit.js';
import type { HubLogger } from '../options.js';

export function addLeaveRoute(app: FastifyInstance, ports: { agents: Agents; limit: FailureLimit; logger: HubLogger }): void {
  app.post(leavePath, { bodyLimit: 1024 }, async (request, reply): Promise<LeaveResponse | FastifyReply> => {
    const token = /^Bearer (.{1,200})$/.exec(request.headers.authorization ?? '')?.[1] ?? '';
    const who = await ports.agents.authenticate(token);
    if (who === 'removed') return { removedJobs: [] }; // asked twice, or somebody was quicker
    if (who === 'unknown') {
      if (!ports.limit.failed(request.ip)) {
        return reply.code(429).header('retry-after', '60').send(new HoldfastError('token-unknown', 'Too many wrong tokens came from this address. Wait a minute and try again.', { retryable: true }).toShape());
      }
      throw new HoldfastError('token-unknown', 'The hub does not know this computer.');
    }
    const removedJobs = await ports.agents.delete(String(who.agent.id));
    ports.logger.log('warn', `Holdfast was removed from the computer "${who.agent.name}" by its owner; what it backed up stays`);
    return { removedJobs };
  });
}
