/** A small JSON document in a file, replaced as a whole and checked against its schema. */
import { readFile } from 'node:fs/promises';
import type { z } from 'zod';
import type { Document } from '../../agent/ports.js';
import { HoldfastError } from '../../shared/errors.js';
import { writeFileAtomic } from './atomic.js';
import { fileError, systemCode } from './errors.js';

export interface DocumentOptions<T> {
  readonly file: string;
  readonly schema: z.ZodType<T>;
  /** What it holds while there is no file. */
  readonly initial: T;
  /** The end of the sentence that says the file is damaged, e.g. "Move it away and start again; the hub sends the jobs anew." */
  readonly remedy: string;
}

/** @throws HoldfastError `settings-invalid` when the file is there and cannot be understood: it is left as it is. */
export async function openDocument<T>({ file, schema, initial, remedy }: DocumentOptions<T>): Promise<Document<T>> {
  const text = await readFile(file, 'utf8').catch((cause: unknown) => {
    if (systemCode(cause) === 'ENOENT') return null;
    throw fileError(`read ${file}`, cause);
  });
  let value = text === null ? initial : parseJson(text, schema, (why) => `${file} ${why}. ${remedy}`);
  let written = value;
  let writing: Promise<void> = Promise.resolve();
  return {
    read: () => value,
    write: (next) => {
      value = next; // so that whoever changes it next starts from here
      const done = writing.then(() => writeFileAtomic(file, `${JSON.stringify(next, null, 2)}\n`)).then(
        () => { written = next; },
        (error: unknown) => {
          if (value === next) value = written;
          throw error;
        },
      );
      writing = done.catch(() => undefined);
      return done;
    },
  };
}

/**
 * Text of a file of ours as data.
 * @param sentence makes the message from "is not JSON ..." or "does not fit: ...".
 * @throws HoldfastError `settings-invalid`.
 */
export function parseJson<T>(text: string, schema: z.ZodType<T>, sentence: (why: string) => string): T {
  let raw: unknown;
  try {
    raw = JSON.parse(text);
  } catch (cause) {
    throw new HoldfastError('settings-invalid', sentence('is not JSON'), { cause });
  }
  const parsed = schema.safeParse(raw);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  const where = issue === undefined || issue.path.length === 0 ? '' : ` at "${issue.path.join('.')}"`;
  throw new HoldfastError('settings-invalid', sentence(`does not hold what it should${where}: ${issue?.message ?? 'unknown'}`), { cause: parsed.error });
}
