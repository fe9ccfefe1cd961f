/** A backend around a backend. What a decorator does not override goes straight through. */
import type { Backend, FileHandle, FileKind, ListedFile, Spool } from '../backend.js';

export abstract class Decorator implements Backend {
  constructor(protected readonly inner: Backend) {}

  get location(): string {
    return this.inner.location;
  }

  create(): Promise<void> {
    return this.inner.create();
  }

  save(file: FileHandle, content: Uint8Array | Spool, signal?: AbortSignal): Promise<void> {
    return this.inner.save(file, content, signal);
  }

  load(file: FileHandle, range?: { offset: number; length: number }, signal?: AbortSignal): Promise<Buffer> {
    return this.inner.load(file, range, signal);
  }

  stat(file: FileHandle, signal?: AbortSignal): Promise<{ size: number }> {
    return this.inner.stat(file, signal);
  }

  list(kind: FileKind, signal?: AbortSignal): AsyncIterable<ListedFile> {
    return this.inner.list(kind, signal);
  }

  remove(file: FileHandle, signal?: AbortSignal): Promise<void> {
    return this.inner.remove(file, signal);
  }

  spoolFolder(): Promise<string> {
    return this.inner.spoolFolder();
  }

  discardSpool(): Promise<void> {
    return this.inner.discardSpool();
  }

  localPath(file: FileHandle): string | null {
    return this.inner.localPath(file);
  }

  close(): Promise<void> {
    return this.inner.close();
  }
}
