/** A program that a person names as a hook: read once, judged, and known by what it holds. */
import { createHash } from 'node:crypto';
import { constants, type Stats } from 'node:fs';
import { access, open, type FileHandle } from 'node:fs/promises';
import { HoldfastError } from '../../shared/errors.js';
import { systemCode } from '../files/errors.js';

/** A hook is a script or a small program, bytes. */
const largest = 64 * 1024 * 1024;

export interface HookFile {
  readonly content: Buffer;
  /** SHA-256, 64 hex digits. */
  readonly sha256: string;
}

/** @throws HoldfastError `hook-failed` with why this cannot be run, and what to do. */
export async function readHook(path: string): Promise<HookFile> {
  // Not blocking: a pipe in its place must not hold the agent up.
  const handle = await open(path, constants.O_RDONLY | constants.O_NONBLOCK).catch((cause: unknown) => { throw unreadable(path, cause); });
  try {
    judge(path, await handle.stat());
    await access(path, constants.X_OK).catch((cause: unknown) => { throw failed(`The hook ${path} is not executable. Run chmod +x on it.`, cause); });
    const content = await readAll(handle).catch((cause: unknown) => { throw unreadable(path, cause); });
    if (content.length > largest) throw failed(`The hook ${path} is larger than 64 MiB. Name a script that starts it.`);
    if (!isProgram(content)) throw failed(`The hook ${path} is neither a script nor a program. Its first line must name its interpreter, for example #!/bin/sh.`);
    return { content, sha256: createHash('sha256').update(content).digest('hex') };
  } finally {
    await handle.close();
  }
}

function judge(path: string, { mode, size, uid }: Stats): void {
  if ((mode & constants.S_IFMT) !== constants.S_IFREG) throw failed(`The hook ${path} is not a file. Name the program itself.`);
  if (size > largest) throw failed(`The hook ${path} is larger than 64 MiB. Name a script that starts it.`);
  if ((mode & 0o022) !== 0) throw failed(`Others may write to the hook ${path}. Run chmod go-w on it.`);
  const me = process.getuid?.() ?? uid;
  if (me !== 0 && uid !== me && uid !== 0) throw failed(`The hook ${path} belongs to another user. Make a copy of your own.`);
}

/** The file may grow while it is read; one byte over the limit is enough to know. */
async function readAll(handle: FileHandle): Promise<Buffer> {
  const parts: Buffer[] = [];
  let length = 0;
  for (;;) {
    const { buffer, bytesRead } = await handle.read({ buffer: Buffer.allocUnsafe(256 * 1024) });
    if (bytesRead === 0 || length > largest) return Buffer.concat(parts);
    parts.push(buffer.subarray(0, bytesRead));
    length += bytesRead;
  }
}

/** First bytes of ELF, and of Mach-O in both widths, both byte orders and as a universal file. */
const programs = ['7f454c46', 'feedface', 'feedfacf', 'cefaedfe', 'cffaedfe', 'cafebabe'];

function isProgram(content: Buffer): boolean {
  return content.subarray(0, 2).toString('latin1') === '#!' || programs.includes(content.subarray(0, 4).toString('hex'));
}

const failed = (message: string, cause?: unknown): HoldfastError => new HoldfastError('hook-failed', message, { cause });

function unreadable(path: string, cause: unknown): HoldfastError {
  const code = systemCode(cause);
  if (code === 'ENOENT' || code === 'ENOTDIR') return failed(`The hook ${path} is not there. Correct its path in the job, or put it there.`, cause);
  if (code === 'EACCES' || code === 'EPERM') return failed(`The hook ${path} cannot be read. Give this user the right to read it.`, cause);
  return failed(`The hook ${path} cannot be read (${code ?? 'unknown reason'}).`, cause);
}
