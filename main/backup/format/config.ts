/** The config file of a repository (facts: restic doc/design.rst, "Repository Format"). */
import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import { HoldfastError } from '../../shared/errors.js';
import { damaged } from './damage.js';
import { degree, isIrreducible, randomPolynomial } from './polynomial.js';

const shape = z.object({
  version: z.number().int(),
  id: z.string().regex(/^[0-9a-f]{64}$/),
  chunker_polynomial: z.string().regex(/^[0-9a-f]{1,16}$/),
});

export interface Config {
  readonly version: 1 | 2;
  readonly id: string;
  readonly polynomial: bigint;
}

export function newConfig(version: 1 | 2, polynomial = randomPolynomial()): Config {
  return { version, id: randomBytes(32).toString('hex'), polynomial };
}

export function encodeConfig(config: Config): Buffer {
  return Buffer.from(`{"version":${config.version},"id":"${config.id}","chunker_polynomial":"${config.polynomial.toString(16)}"}\n`);
}

/** @throws `repository-damaged`, or `repository-version` for one that a newer program wrote */
export function parseConfig(bytes: Uint8Array): Config {
  let json: unknown;
  try {
    json = JSON.parse(Buffer.from(bytes).toString('utf8'));
  } catch (cause) {
    throw damaged('the config file', 'it is not JSON', cause);
  }
  const version = z.object({ version: z.number() }).safeParse(json);
  if (version.success && version.data.version !== 1 && version.data.version !== 2) {
    throw new HoldfastError('repository-version',
      `This repository has format version ${version.data.version}, and this program knows 1 and 2. Update Holdfast, or use the program that made the repository.`);
  }
  const parsed = shape.safeParse(json);
  if (!parsed.success) throw damaged('the config file', 'a field is missing or has the wrong form', parsed.error);
  const polynomial = BigInt(`0x${parsed.data.chunker_polynomial}`);
  if (degree(polynomial) < 9 || degree(polynomial) > 53 || !isIrreducible(polynomial)) {
    throw damaged('the config file', 'its chunker polynomial is not irreducible');
  }
  return { version: parsed.data.version === 1 ? 1 : 2, id: parsed.data.id, polynomial };
}
