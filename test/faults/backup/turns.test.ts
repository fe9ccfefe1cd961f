import { expect, test } from 'vitest';
import { createEngine } from '../../../main/backup/index.js';
import { everyOperationInTurns } from '../../helpers/turns.js';
import { temporaryFolder } from '../../helpers/trees.js';

test('every operation in turns in a repository of format version 1', async () => {
  const folder = temporaryFolder();
  const engine = createEngine();
  try {
    await everyOperationInTurns(engine, folder.path, 1);
    expect.hasAssertions();
  } finally {
    await engine.close();
    folder.remove();
  }
});
