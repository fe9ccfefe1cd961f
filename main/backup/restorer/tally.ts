/** Counts what a restore does. */
import { toText, type ByteString } from '../format/text.js';
import { maxListedErrors, type Control, type ItemError } from '../types.js';

export class RestoreTally {
  files = 0;
  restored = 0;
  deleted = 0;
  totalBytes = 0;
  /** Whether it is known how much there is to do. */
  walked = false;
  skippedFiles = 0;
  skippedBytes = 0;
  verified = 0;
  errorCount = 0;
  readonly errors: ItemError[] = [];

  constructor(private readonly control: Pick<Control, 'onItemError'>) {}

  expect(bytes: number): void {
    this.totalBytes += bytes;
  }

  skipped(bytes: number): void {
    this.skippedFiles++;
    this.skippedBytes += bytes;
  }

  error(path: ByteString, message: string): void {
    this.errorCount++;
    const error = { path: toText(path), message };
    if (this.errors.length < maxListedErrors) this.errors.push(error);
    this.control.onItemError?.(error);
  }
}
