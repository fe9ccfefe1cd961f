/** An answer of hub storage that is not the file asked for. restic shows the status line, so the sentence stands there too. */
export class Refusal extends Error {
  constructor(readonly status: number, message: string, readonly headers: Readonly<Record<string, string>> = {}) {
    super(message);
    this.name = 'Refusal';
  }
}
