/** Settings of a backend that do not belong in an URL: names and texts, checked here. */
import { z } from 'zod';
import { HoldfastError } from '../../shared/errors.js';

const seconds = z.string().regex(/^\d+(\.\d+)?$/, 'is a number of seconds').transform(Number);

/** Understood by every remote backend. */
export const remoteOptions = {
  /** Operations at the same time; default 5, restic's. */
  connections: z.string().regex(/^[1-9]\d{0,2}$/, 'is a number from 1 to 999').transform(Number).default(5),
  /** How long one operation is tried again before it fails; default 300. */
  'retry-seconds': seconds.default(300),
  /** How long a server may be silent in the middle of something; default 90. */
  'stall-seconds': seconds.default(90),
};

/** Understood by those that speak TLS. */
export const tlsOptions = {
  /** PEM text of an authority to trust beside the system's. */
  'ca-certificate': z.string().optional(),
  /** SHA-256 fingerprint (hex) of the one certificate to trust. */
  'certificate-pin': z.string().optional(),
};

/**
 * @param kind for the sentence: "S3"
 * @throws `usage` naming the setting that is wrong; its value is never quoted, since it may be a secret
 */
export function parseOptions<T extends z.ZodRawShape>(kind: string, shape: T, given: Readonly<Record<string, string>> = {}): z.output<z.ZodObject<T>> {
  const unknown = Object.keys(given).find((name) => !Object.hasOwn(shape, name));
  if (unknown !== undefined) {
    throw new HoldfastError('usage', `"${unknown}" is not a setting of ${kind} destinations. The settings are: ${Object.keys(shape).join(', ')}.`);
  }
  const parsed = z.object(shape).safeParse(given);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  throw new HoldfastError('usage', `The setting "${issue?.path.join('.') ?? ''}" of this ${kind} destination is wrong: it ${issue?.message ?? ''}.`);
}
