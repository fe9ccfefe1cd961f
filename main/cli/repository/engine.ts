/** The engine for the length of one command. */
import type { Engine } from '../../backup/types.js';

export async function withEngine<T>(work: (engine: Engine) => Promise<T>): Promise<T> {
  const { createLocalEngine } = await import('../../backup/index.js');
  const engine = createLocalEngine();
  try {
    return await work(engine);
  } finally {
    await engine.close();
  }
}
