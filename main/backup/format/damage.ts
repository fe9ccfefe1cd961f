/** How the format rooms say that bytes are not what they should be. */
import { HoldfastError } from '../../shared/errors.js';

/** A repository file that cannot be what it claims to be. `what` names it: "index 1a2b3c4d", "the config file". */
export function damaged(what: string, why: string, cause?: unknown): HoldfastError {
  return new HoldfastError(
    'repository-damaged', `${capital(what)} is damaged: ${why}. Run check to see how much is affected.`, { cause },
  );
}

export function isDamage(thrown: unknown): boolean {
  return thrown instanceof HoldfastError && thrown.code === 'repository-damaged';
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
