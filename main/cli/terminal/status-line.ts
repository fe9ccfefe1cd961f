/** One line at the bottom of a terminal that is written again and again. Does nothing where output is no terminal. */
import type { WriteStream } from 'node:tty';

/** ms between two states of the line. */
const showEvery = 100;

export class StatusLine {
  private shown = false;
  private last = 0;

  constructor(private readonly stream: WriteStream) {}

  /** Whether there is anybody to see it. */
  get isLive(): boolean {
    return this.stream.isTTY;
  }

  show(text: string): void {
    const now = Date.now();
    if (!this.isLive || now - this.last < showEvery) return;
    this.last = now;
    const width = Math.max(20, this.stream.columns - 1);
    const line = [...text.replace(/\p{Cc}/gu, '?')]; // no name of a file may move the cursor
    this.stream.write(`\r\u001b[K${(line.length > width ? [...line.slice(0, width - 1), '…'] : line).join('')}`);
    this.shown = true;
  }

  clear(): void {
    if (this.shown) this.stream.write('\r\u001b[K');
    this.shown = false;
  }
}
