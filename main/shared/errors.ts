/**
 * Every failure a person may see. A message is one or two plain sentences: what is wrong, then what to do.
 * `retryable` says whether trying the same thing again later can help, so that no caller has to guess.
 */
export const errorCodes = [
  'usage', // the request itself is wrong
  'cancelled',
  'internal', // a bug of ours
  'settings-invalid',
  'already-running',
  'not-found',
  'permission-denied',
  'policy-refused', // the computer's owner has not allowed this
  'repository-missing',
  'repository-exists',
  'repository-locked',
  'repository-damaged',
  'repository-version', // written by a newer program
  'wrong-password',
  'password-missing',
  'source-missing',
  'source-failed', // a database or its tool answers with an error
  'hook-failed', // an executable of a person that runs around the backup
  'files-unreadable', // finished, but some files could not be read
  'destination-missing', // folder, disk or server is not there
  'destination-full',
  'destination-failed', // it is there and answers with an error
  'keychain-locked',
  'keychain-unavailable', // there is no keychain service here
  'token-unknown',
  'token-revoked',
  'already-connected',
  'upgrade-needed',
  'protocol-violation',
  'hub-unreachable',
  'offline',
] as const;

export type ErrorCode = typeof errorCodes[number];

/** What crosses a thread, a process or the network in place of an Error. */
export interface ErrorShape {
  code: ErrorCode;
  message: string;
  retryable: boolean;
}

const retryableCodes: ReadonlySet<ErrorCode> = new Set([
  'repository-locked', 'destination-missing', 'destination-full', 'destination-failed', 'keychain-locked',
  'hub-unreachable', 'offline', 'already-connected',
]);

/** The only error type that is shown to people; anything else is a bug and is shown as `internal`. */
export class HoldfastError extends Error {
  readonly code: ErrorCode;
  readonly retryable: boolean;

  constructor(code: ErrorCode, message: string, options: { cause?: unknown; retryable?: boolean } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'HoldfastError';
    this.code = code;
    this.retryable = options.retryable ?? retryableCodes.has(code);
  }

  toShape(): ErrorShape {
    return { code: this.code, message: this.message, retryable: this.retryable };
  }

  static fromShape(shape: ErrorShape): HoldfastError {
    return new HoldfastError(shape.code, shape.message, { retryable: shape.retryable });
  }
}

/** Turns anything thrown into a HoldfastError. A stranger keeps its first line only: no stack trace reaches a screen. */
export function asHoldfastError(thrown: unknown): HoldfastError {
  if (thrown instanceof HoldfastError) return thrown;
  if (thrown instanceof Error && thrown.name === 'AbortError') return new HoldfastError('cancelled', 'Cancelled.');
  const text = thrown instanceof Error ? thrown.message : String(thrown);
  const firstLine = text.split('\n', 1)[0] ?? '';
  return new HoldfastError('internal', `Something unexpected went wrong: ${firstLine}`, { cause: thrown });
}

/** Exit codes of the `holdfast` command; 3, 10, 11 and 12 are restic's. */
export function exitCodeFor(code: ErrorCode): number {
  switch (code) {
    case 'usage': return 2;
    case 'files-unreadable': return 3;
    case 'repository-missing': return 10;
    case 'repository-locked': return 11;
    case 'wrong-password': case 'password-missing': return 12;
    default: return 1;
  }
}
