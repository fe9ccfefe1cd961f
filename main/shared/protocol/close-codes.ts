/** WebSocket close codes of `holdfast.v1`. */
import { HoldfastError } from '../errors.js';

export const closeCodes = {
  badMessage: 4400,
  unknownToken: 4401,
  revoked: 4403,
  alreadyConnected: 4409,
  upgradeNeeded: 4426,
} as const;

/** What a close code means to the agent; null for ordinary ends, after which it simply reconnects. */
export function errorForClose(code: number, reason: string): HoldfastError | null {
  switch (code) {
    case closeCodes.badMessage:
      return new HoldfastError('protocol-violation', `The hub did not understand this agent (${reason || 'no reason given'}). Update Holdfast on both sides.`, { retryable: true });
    case closeCodes.unknownToken:
      return new HoldfastError('token-unknown', 'The hub does not know this agent token. Join the hub again with a new setup link.');
    case closeCodes.revoked:
      return new HoldfastError('token-revoked', 'This computer was removed from the hub. Join it again with a new setup link if that was a mistake.');
    case closeCodes.alreadyConnected:
      return new HoldfastError('already-connected', 'Another agent is connected with this token. Stop the other one, or give this computer a token of its own.');
    case closeCodes.upgradeNeeded:
      return new HoldfastError('upgrade-needed', 'This version of Holdfast is too old for the hub. Update Holdfast on this computer.');
    default:
      return null;
  }
}

/** Permanent refusals: trying again cannot help until a person does something. */
export const isPermanentClose = (code: number): boolean =>
  code === closeCodes.unknownToken || code === closeCodes.revoked || code === closeCodes.upgradeNeeded;
