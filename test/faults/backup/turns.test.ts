/** What takes longer than the daily tests may: every operation after every other, with a whole check by restic each time. */
import { expect, test } from 'vitest';
import { createEngine } from '../../../main/backup/index.js';
import { everyOperationInTurns } from '../../helpers/turns.js';
import { temporaryFolder } from '../../helpers/trees.js';

test.each([1, 2] as const)('every operation in turns in a repository of format version %i', async (version) => {
  const folder = temporaryFolder();
  const engine = createEngine();
  try {
    await everyOperationInTurns(engine, folder.path, version);
    expect.hasAssertions();
  } finally {
    await engine.close();
    folder.remove();
  }
});
