import { expect, it } from 'vitest';
import { restingCompilers } from '../../../main/platform/engine/compilers.js';

it('compilers rest until the first work begins and after the last has ended', () => {
  const flags: string[] = [];
  const compilers = restingCompilers((flag) => flags.push(flag));
  const off = ['--no-opt', '--no-sparkplug'];
  expect(flags.splice(0)).toEqual(off);
  const first = compilers.wake();
  const second = compilers.wake();
  expect(flags.splice(0)).toEqual(['--opt', '--sparkplug']);
  first();
  first(); // said twice counts once
  expect(flags).toEqual([]);
  second();
  expect(flags).toEqual(off);
});
