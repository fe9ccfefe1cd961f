/** Worker threads that have loaded their program before anyone knows what they will do: that takes as long as opening a repository. */
import { statSync } from 'node:fs';
import { Worker } from 'node:worker_threads';
import { calmAllocator } from '../posix/memory.js';
import { builtFile } from './built.js';
import { endThread } from './end.js';
import type { SurveyData } from './messages.js';

/** Little in a worker lives longer than a blob; what a larger young generation would save is not worth its memory. */
const resourceLimits = { maxYoungGenerationSizeMb: 3 };

export class Threads {
  private ready: Worker[] = [];
  private readonly file = builtFile(import.meta.url, './entry.js');
  private readonly program = identity(this.file);

  /** Another version may be installed in the place of this one meanwhile; its threads would not understand ours. */
  get canBeMore(): boolean {
    return this.ready.length > 0 || identity(this.file) === this.program;
  }

  /** Has so many threads ready to be taken, or on their way. */
  prepare(count: number): void {
    while (this.ready.length < count) this.ready.push(this.start());
  }

  /** Gives a task to the thread that will be taken next. It is to end when the thread gets its role. */
  meanwhile(data: SurveyData): void {
    this.ready[0]?.postMessage(data, [data.port]);
  }

  /** A thread for its taker, who ends it. */
  take(): Worker {
    return this.ready.shift() ?? this.start();
  }

  /** Ends the threads that nobody has taken. */
  async close(): Promise<void> {
    await Promise.all(this.ready.splice(0).map(endThread));
  }

  private start(): Worker {
    calmAllocator();
    const worker = new Worker(this.file, { execArgv: [], resourceLimits });
    // one that fails before it is taken is not given to anybody; whoever takes one listens too
    worker.on('error', () => { this.ready = this.ready.filter((other) => other !== worker); });
    return worker;
  }
}

/** Changes with every replacement. What is in an archive was opened with the archive. */
function identity(file: string): string | null {
  if (file.includes('.asar/')) return '';
  const found = statSync(file, { throwIfNoEntry: false });
  return found ? `${found.dev} ${found.ino} ${found.mtimeMs}` : null;
}
