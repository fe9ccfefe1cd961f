/** Requests over an SFTP channel as promises. When the connection goes away they all fail at once: the client would leave them waiting. */
import type { SFTPWrapper } from 'ssh2';

export type Done<T> = (error: Error | null | undefined, result: T) => void;

export class Channel {
  private readonly waiting = new Set<(error: unknown) => void>();
  private isLost = false;

  constructor(private readonly raw: SFTPWrapper) {}

  /** Extensions that the server lacks throw at once: that rejects as well. */
  ask<T = void>(send: (raw: SFTPWrapper, done: Done<T>) => void): Promise<T> {
    return new Promise((resolve, reject) => {
      if (this.isLost) {
        reject(lostError());
        return;
      }
      const fail = (error: unknown): void => {
        this.waiting.delete(fail);
        reject(error instanceof Error ? error : new Error(String(error)));
      };
      this.waiting.add(fail);
      try {
        send(this.raw, (error, result) => {
          if (error) return fail(error);
          this.waiting.delete(fail);
          resolve(result);
        });
      } catch (error) {
        fail(error);
      }
    });
  }

  /** A request whose answer nobody waits for. */
  tell(send: (raw: SFTPWrapper, ignore: () => void) => void): void {
    this.ask((raw, done: Done<undefined>) => send(raw, () => done(null, undefined))).catch(() => undefined);
  }

  /** The connection is gone. */
  lose(): void {
    this.isLost = true;
    for (const fail of [...this.waiting]) fail(lostError());
  }
}

function lostError(): Error {
  return Object.assign(new Error('the connection is gone'), { code: 'ECONNRESET' });
}
