import { expect, it } from 'vitest';
import { ageText, bytesText, countText, durationText } from '../../../main/shared/text.js';

it('writes sizes, ages, durations and counts as people read them', () => {
  expect([0, 512, 1024, 1_500_000, 12_884_901_888].map(bytesText)).toEqual(['0 B', '512 B', '1.00 KiB', '1.43 MiB', '12.0 GiB']);
  expect([-5, 0, 59_000, 60_000, 3_600_000, 90_000_000, 200_000_000].map((ms) => ageText(ms))).toEqual(['just now', 'just now', 'just now', '1 minute ago', '1 hour ago', '1 day ago', '2 days ago']);
  expect([400, 12_000, 200_000, 7_500_000].map(durationText)).toEqual(['0.4 s', '12 s', '3 min 20 s', '2 h 5 min']);
  expect([countText(1, 'file'), countText(12345, 'file'), countText(2, 'repository', 'repositories')]).toEqual(['1 file', '12,345 files', '2 repositories']);
});
