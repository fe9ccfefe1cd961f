/** Tells what is done at the destination and how long it took: one line for each operation, without content or secrets. */
import type { Backend, FileHandle, FileKind, ListedFile, Spool } from '../backend.js';
import { Decorator } from './decorator.js';
import { realTimer, type Timer } from './time.js';

export class LoggingBackend extends Decorator {
  constructor(inner: Backend, private readonly log: (line: string) => void, private readonly timer: Timer = realTimer) {
    super(inner);
  }

  override create(): Promise<void> {
    return this.told('create', () => this.inner.create());
  }

  override save(file: FileHandle, content: Uint8Array | Spool, signal?: AbortSignal): Promise<void> {
    const size = content instanceof Uint8Array ? content.length : content.size;
    return this.told(`save ${pathOf(file)} (${size} bytes)`, () => this.inner.save(file, content, signal));
  }

  override load(file: FileHandle, range?: { offset: number; length: number }, signal?: AbortSignal): Promise<Buffer> {
    const part = range ? ` (${range.length} bytes from ${range.offset})` : '';
    return this.told(`load ${pathOf(file)}${part}`, () => this.inner.load(file, range, signal));
  }

  override stat(file: FileHandle, signal?: AbortSignal): Promise<{ size: number }> {
    return this.told(`stat ${pathOf(file)}`, () => this.inner.stat(file, signal));
  }

  override async *list(kind: FileKind, signal?: AbortSignal): AsyncIterable<ListedFile> {
    const began = this.timer.now();
    let count = 0;
    let how = 'stopped';
    try {
      for await (const file of this.inner.list(kind, signal)) {
        count++;
        yield file;
      }
      how = 'done';
    } catch (error) {
      how = reasonOf(error);
      throw error;
    } finally {
      this.log(`list ${kind}: ${count} files, ${how} (${Math.round(this.timer.now() - began)} ms)`);
    }
  }

  override remove(file: FileHandle, signal?: AbortSignal): Promise<void> {
    return this.told(`remove ${pathOf(file)}`, () => this.inner.remove(file, signal));
  }

  private async told<T>(what: string, work: () => Promise<T>): Promise<T> {
    const began = this.timer.now();
    let how = 'done';
    try {
      return await work();
    } catch (error) {
      how = reasonOf(error);
      throw error;
    } finally {
      this.log(`${what}: ${how} (${Math.round(this.timer.now() - began)} ms)`);
    }
  }
}

function pathOf(file: FileHandle): string {
  return file.kind === 'config' ? 'config' : `${file.kind}/${file.name}`;
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
