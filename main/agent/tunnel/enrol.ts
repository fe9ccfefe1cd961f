/** Joining a hub, where a setup token is traded for an agent token, and leaving it: over the same pinned connection that the tunnel uses. */
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { errorShape } from '../../shared/error-shape.js';
import { HoldfastError } from '../../shared/errors.js';
import type { z } from 'zod';
import { enrolPath, enrolResponseSchema, leavePath, leaveResponseSchema, type EnrolRequest, type EnrolResponse, type LeaveResponse } from '../../shared/protocol/enrolment.js';
import type { HubAddress, HubLink } from '../../shared/protocol/link.js';
import { explain, openSocket } from './secure-socket.js';

const answerWithin = 20_000;
const maxAnswerBytes = 64 * 1024;

/** @throws HoldfastError `token-unknown` and the like as the hub says; `hub-unreachable` or `offline` when there is no way to it. */
export const enrolAtHub = (link: HubLink, enrolment: EnrolRequest): Promise<EnrolResponse> => post(link, enrolPath, enrolment, enrolResponseSchema);

/** Tells the hub that Holdfast goes from this computer. @throws HoldfastError as above. */
export const leaveHub = (hub: HubAddress & { readonly token: string }): Promise<LeaveResponse> => post(hub, leavePath, {}, leaveResponseSchema);

async function post<S extends z.ZodType>(link: HubAddress & { readonly token: string }, path: string, content: object, schema: S): Promise<z.infer<S>> {
  const transport = await openSocket(link);
  const body = JSON.stringify(content);
  const { status, text } = await new Promise<{ status: number; text: string }>((resolve, reject) => {
    const request = httpRequest(new URL(path, link.url.replace(/^https:/, 'http:')), {
      method: 'POST',
      createConnection: () => transport, // used only where no agent is named
      timeout: answerWithin,
      headers: { authorization: `Bearer ${link.token}`, 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) },
    });
    request.on('timeout', () => request.destroy(Object.assign(new Error('timeout'), { code: 'ETIMEDOUT' })));
    request.on('error', (error) => reject(explain(error, link)));
    request.on('response', (response) => {
      readAll(response).then((read) => resolve({ status: response.statusCode ?? 0, text: read }), (error: Error) => reject(explain(error, link)));
    });
    request.end(body);
  }).finally(() => transport.destroy());
  const json = parseJson(text);
  if (status === 200) {
    const answer = schema.safeParse(json);
    if (answer.success) return answer.data;
  }
  const refusal = errorShape.safeParse(json);
  if (refusal.success) throw HoldfastError.fromShape(refusal.data);
  throw new HoldfastError('hub-unreachable', `What answers at ${link.url} is not a Holdfast hub (HTTP ${status}). Check the address.`);
}

async function readAll(response: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of response) {
    const bytes = part as Buffer;
    size += bytes.length;
    if (size > maxAnswerBytes) throw new Error('the answer is too long');
    parts.push(bytes);
  }
  return Buffer.concat(parts).toString('utf8');
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
