/** The key of a server that nobody has vouched for yet: a person may, by its fingerprint. */
import { HoldfastError } from '../../../shared/errors.js';

export class UnknownHostKey extends HoldfastError {
  /** @param fingerprint as ssh shows it, `SHA256:…` */
  constructor(readonly fingerprint: string, message: string) {
    super('destination-failed', message, { retryable: false });
  }
}
