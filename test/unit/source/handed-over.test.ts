import fc from 'fast-check';
import { expect, it } from 'vitest';
import { handedOver } from '../../../main/platform/engine/handed-over.js';

it('gives over the same bytes, however they were cut, and passes on a failure', async () => {
  await fc.assert(fc.asyncProperty(fc.array(fc.nat(1_100_000), { maxLength: 5 }), async (sizes) => {
    const pieces = sizes.map((size, number) => Buffer.alloc(size, `piece ${number} `));
    const got: Buffer[] = [];
    for await (const piece of handedOver((async function* () { yield* pieces; await Promise.resolve(); })())) got.push(Buffer.from(piece)); // a piece is used again
    expect(Buffer.concat(got).equals(Buffer.concat(pieces))).toBe(true);
  }), { numRuns: 5 });
  const failing = async function* (): AsyncGenerator<Uint8Array> {
    yield await Promise.resolve(new Uint8Array(3));
    throw new Error('broke off');
  };
  await expect((async () => { for await (const piece of handedOver(failing())) expect(piece).toHaveLength(0); })()).rejects.toThrow('broke off');
}, 30_000);
