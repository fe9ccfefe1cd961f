/** A log file that never grows over a limit: holdfast.log, then holdfast.1.log and so on, the oldest is dropped. */
import { closeSync, existsSync, fstatSync, openSync, renameSync, rmSync, writeSync } from 'node:fs';
import path from 'node:path';
import { fileError } from '../files/errors.js';

export interface RotatingFileOptions {
  /** Bytes after which a new file is begun. */
  readonly limit?: number;
  /** Files altogether. */
  readonly files?: number;
}

export class RotatingFile {
  private fd: number | null;
  private size: number;
  private readonly limit: number;
  private readonly files: number;

  /** @throws HoldfastError when the file cannot be opened. */
  constructor(private readonly file: string, options: RotatingFileOptions = {}) {
    this.limit = options.limit ?? 10 * 1024 * 1024;
    this.files = options.files ?? 5;
    try {
      this.fd = openSync(file, 'a', 0o600);
      this.size = fstatSync(this.fd).size;
    } catch (cause) {
      throw fileError(`open the log ${file}`, cause);
    }
  }

  /** Writes whole lines. A full disk loses log lines and nothing else. */
  write(text: string): void {
    const bytes = Buffer.byteLength(text);
    try {
      if (this.size > 0 && this.size + bytes > this.limit) this.rotate();
      if (this.fd === null) return;
      writeSync(this.fd, text);
      this.size += bytes;
    } catch {
      // Nobody can be told: this is the log.
    }
  }

  close(): void {
    if (this.fd !== null) closeSync(this.fd);
    this.fd = null;
  }

  private rotate(): void {
    this.close();
    rmSync(this.numbered(this.files - 1), { force: true });
    for (let i = this.files - 2; i >= 0; i -= 1) if (existsSync(this.numbered(i))) renameSync(this.numbered(i), this.numbered(i + 1));
    this.fd = openSync(this.file, 'a', 0o600);
    this.size = 0;
  }

  private numbered(i: number): string {
    if (i === 0) return this.file;
    const { dir, name, ext } = path.parse(this.file);
    return path.join(dir, `${name}.${i}${ext}`);
  }
}
