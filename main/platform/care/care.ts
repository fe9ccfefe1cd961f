/** What the agent's care needs of this computer: its memory, and the heads of files. */
import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import type { AgentOptions } from '../../agent/agent.js';
import { careSchema, emptyCare } from '../../agent/care/care.js';
import { headLength } from '../../agent/care/magic.js';
import { openDocument } from '../files/document.js';
import type { Paths } from '../paths/paths.js';

export async function openCare({ careFile }: Pick<Paths, 'careFile'>): Promise<AgentOptions['care']> {
  const document = await openDocument({ file: careFile, schema: careSchema, initial: emptyCare, remedy: 'Move it away and start again; what is usual is then learned anew.' });
  return { document, head };
}

/** The first bytes of a regular file. Never waits: a pipe or a device in a file's place gives null. */
async function head(path: string): Promise<Uint8Array | null> {
  try {
    const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOFOLLOW);
    try {
      if (!(await file.stat()).isFile()) return null;
      const { buffer, bytesRead } = await file.read(Buffer.alloc(headLength), 0, headLength, 0);
      return buffer.subarray(0, bytesRead);
    } finally {
      await file.close();
    }
  } catch {
    return null; // gone meanwhile, or not ours to read
  }
}
