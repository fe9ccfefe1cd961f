/** What counts as failed: everything that did not run and pass. */
import { expect, it } from 'vitest';
import { strict } from '../../../build/testing/vitest.mjs';

const outcome = (passed: number, failed: number, skipped: number) => ({ passed, failed, skipped, problems: [] });

it('takes a project whose tests all passed as it is', () => {
  expect(strict('unit', 0, outcome(7, 0, 0), false)).toEqual({ failed: 0, problems: [] });
});

it.each([
  ['a failed test', 1, outcome(7, 2, 0), 2, 'unit: 2 failed'],
  ['a skipped test', 0, outcome(7, 0, 3), 3, 'unit: 3 skipped, which counts as failed'],
  ['an error outside any test', 1, outcome(7, 0, 0), 1, 'unit: vitest ended with 1 although no test failed'],
  ['a project without tests', 0, outcome(0, 0, 0), 1, 'unit: no test ran'],
])('counts %s', (_what, code, found, failed, problem) => {
  expect(strict('unit', code, found, false)).toEqual({ failed, problems: [problem] });
});

it('lets a file filter leave a project empty', () => {
  expect(strict('unit', 0, outcome(0, 0, 0), true)).toEqual({ failed: 0, problems: [] });
});
