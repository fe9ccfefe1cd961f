/**
 * Escrow on the agent: an office with a recovery key may be able to open this computer's backups. Its owner is asked, unless the setup link that
 * they used named the key; a key that changes is asked about again, for whoever runs the hub could put in one of their own.
 */
import { asHoldfastError, HoldfastError } from '../../shared/errors.js';
import type { Destination } from '../../shared/model.js';
import type { HubOffers, RecoveryConsent, SealedPassword } from '../../shared/protocol/recovery.js';
import type { Logger } from '../ports.js';

/** Passwords that go to the hub in one request. */
const together = 50;

export interface EscrowPorts {
  readonly logger: Logger;
  /** Null before a hub named a recovery key. */
  readonly consent: () => RecoveryConsent | null;
  readonly remember: (consent: RecoveryConsent | null) => Promise<void>;
  readonly offers: () => Promise<HubOffers>;
  readonly send: (passwords: SealedPassword[]) => Promise<unknown>;
  readonly destinations: () => readonly Destination[];
  readonly password: (destinationId: string) => Promise<string | null>;
  readonly seal: (recipient: string, text: string) => Promise<string>;
}

export class Escrow {
  /** What the hub has by now, for as long as this agent runs: recipient and password by destination. */
  private readonly sent = new Map<string, string>();
  private looking: Promise<void> = Promise.resolve();

  constructor(private readonly ports: EscrowPorts) {}

  /** Asks the hub for its key, and sends what it may have and has not. Never fails: the next connection brings the next chance. */
  look(): Promise<void> {
    this.looking = this.looking.then(() => this.lookOnce()).catch((thrown: unknown) => {
      const error = asHoldfastError(thrown);
      // A hub from before escrow does not know the question.
      if (error.code !== 'upgrade-needed' && error.code !== 'hub-unreachable') this.ports.logger.log('warn', `The office's recovery key could not be served: ${error.message}`);
    });
    return this.looking;
  }

  /** A new connection, perhaps to a hub that was restored from a copy: everything is sent again. */
  connected(): Promise<void> {
    this.sent.clear();
    return this.look();
  }

  /** The owner's answer. @throws HoldfastError `not-found` when the question is about another key by now. */
  async answer(recipient: string, allow: boolean): Promise<void> {
    const consent = this.ports.consent();
    if (consent?.recipient !== recipient) throw new HoldfastError('not-found', 'The office has another recovery key by now. Look again and answer for that one.');
    await this.ports.remember({ recipient, answer: allow ? 'allowed' : 'refused' });
    this.ports.logger.log('info', allow ? 'The office may recover the backups of this computer with its recovery key' : 'The office may not recover the backups of this computer');
    if (allow) void this.look();
  }

  private async lookOnce(): Promise<void> {
    const { consent, logger, offers, remember } = this.ports;
    const { recipient } = await offers();
    if (recipient === null) {
      if (consent() !== null) await remember(null);
      return;
    }
    const before = consent();
    if (before?.recipient !== recipient) {
      logger.log('info', before === null ? 'The office has a recovery key and asks to be able to recover the backups of this computer' : 'The office has a new recovery key and asks again');
      await remember({ recipient, answer: 'asked' });
      return;
    }
    if (before.answer === 'allowed') await this.sendAll(recipient);
  }

  private async sendAll(recipient: string): Promise<void> {
    const { destinations, logger, password, seal, send } = this.ports;
    const news: { entry: SealedPassword; key: string }[] = [];
    for (const { id, name, url } of new Map(destinations().map((each) => [each.id, each])).values()) {
      const secret = await password(id);
      const key = `${recipient} ${url} ${secret ?? ''}`;
      if (secret === null || this.sent.get(id) === key) continue;
      news.push({ key, entry: { destinationId: id, destinationName: name, url, recipient, sealed: await seal(recipient, secret) } });
    }
    for (let at = 0; at < news.length; at += together) {
      const some = news.slice(at, at + together);
      await send(some.map(({ entry }) => entry));
      for (const { entry, key } of some) this.sent.set(entry.destinationId, key);
    }
    if (news.length > 0) logger.log('info', `Sealed the passwords of ${news.map(({ entry }) => `"${entry.destinationName}"`).join(', ')} to the office's recovery key`);
  }
}
