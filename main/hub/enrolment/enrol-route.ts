/** `POST /api/enrol`: the only thing that somebody without an agent token can do here. */
import type { FastifyInstance, FastifyReply } from 'fastify';
import { HoldfastError } from '../../shared/errors.js';
import { enrolPath, enrolRequestSchema, type EnrolResponse } from '../../shared/protocol/enrolment.js';
import type { FailureLimit } from '../api/failure-limit.js';
import type { HubLogger } from '../options.js';
import type { SetupTokens } from './setup-tokens.js';

export function addEnrolRoute(app: FastifyInstance, ports: { setupTokens: SetupTokens; limit: FailureLimit; logger: HubLogger; hubName: string }): void {
  app.post(enrolPath, { bodyLimit: 16 * 1024 }, async (request, reply): Promise<EnrolResponse | FastifyReply> => {
    const token = /^Bearer (.{1,200})$/.exec(request.headers.authorization ?? '')?.[1] ?? '';
    const parsed = enrolRequestSchema.safeParse(request.body);
    if (!parsed.success) throw new HoldfastError('usage', `The enrolment is not complete: ${parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`).join('; ')}.`);
    try {
      const made = await ports.setupTokens.redeem(token, parsed.data);
      ports.logger.log('info', `A new computer joined: "${made.name}" (${made.agentId})`);
      return { ...made, hubName: ports.hubName };
    } catch (error) {
      if (error instanceof HoldfastError && (error.code === 'token-unknown' || error.code === 'token-revoked')) {
        if (!ports.limit.failed(request.ip)) {
          const wait = new HoldfastError('token-unknown', 'Too many wrong setup tokens came from this address. Wait a minute and try again.', { retryable: true });
          return reply.code(429).header('retry-after', '60').send(wait.toShape());
        }
        ports.logger.log('warn', `A wrong setup token came from ${request.ip}`);
      }
      throw error;
    }
  });
}
