/** Output of a program as lines for a log: bounded in length, free of control characters. */
import type { Readable } from 'node:stream';
import { StringDecoder } from 'node:string_decoder';

/** A longer line is cut, characters. */
const longest = 2_000;

export class LineReader {
  readonly ended: Promise<void>;
  private readonly decoder = new StringDecoder('utf8');
  private rest = '';
  /** The rest of a line that was cut is not wanted. */
  private skipping = false;
  private closed = false;

  constructor(private readonly stream: Readable, private readonly line: (text: string) => void) {
    this.ended = new Promise((resolve) => {
      stream.on('data', (piece: Buffer) => this.take(this.decoder.write(piece)));
      stream.once('close', () => {
        this.flush();
        resolve();
      });
      stream.on('error', () => undefined); // `close` follows
    });
  }

  /** Says what is left and reads no more. */
  close(): void {
    this.flush();
    this.stream.destroy();
  }

  private take(text: string): void {
    const lines = (this.rest + text).split(/\r?\n|\r/);
    this.rest = lines.pop() ?? '';
    for (const line of lines) {
      if (!this.skipping) this.say(line);
      this.skipping = false;
    }
    if (this.rest.length <= longest) return;
    if (!this.skipping) this.say(this.rest);
    this.skipping = true;
    this.rest = '';
  }

  private flush(): void {
    if (this.closed) return;
    this.closed = true;
    const rest = this.rest + this.decoder.end();
    if (!this.skipping && rest !== '') this.say(rest);
  }

  private say(text: string): void {
    // Colours and cursor movements of terminals have no place in a log.
    const plain = text.replace(/\u001b\[[0-9;?]*[ -/]*[@-~]/g, '').replace(/[\u0000-\u0008\u000b-\u001f\u007f]/g, '');
    this.line(plain.length > longest ? `${plain.slice(0, longest)}…` : plain);
  }
}
