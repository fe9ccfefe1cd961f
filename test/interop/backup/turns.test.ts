import { expect, test } from 'vitest';
import { createEngine } from '../../../main/backup/index.js';
import { everyOperationInTurns } from '../../helpers/turns.js';
import { temporaryFolder } from '../../helpers/trees.js';

test('every operation in turns, each followed by a whole check', async () => {
  const folder = temporaryFolder();
  const engine = createEngine();
  try {
    await everyOperationInTurns(engine, folder.path, 2);
    expect.hasAssertions();
  } finally {
    await engine.close();
    folder.remove();
  }
});
