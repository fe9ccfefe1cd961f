/** Which hub this computer belongs to, and the token that proves it. */
import { HoldfastError } from '../shared/errors.js';
import type { EnrolRequest, EnrolResponse } from '../shared/protocol/enrolment.js';
import { parseLink, type HubLink } from '../shared/protocol/link.js';
import type { Document, SecretStore } from './ports.js';
import type { AgentSettings } from './settings.js';
import type { TunnelIdentity } from './tunnel-port.js';

const tokenName = 'agent-token';

export interface MembershipPorts {
  readonly settings: Document<AgentSettings>;
  readonly secrets: SecretStore;
  /** Trades a setup token for an agent token at the hub of `link`. */
  readonly enrol: (link: HubLink, request: EnrolRequest) => Promise<EnrolResponse>;
  readonly computer: { readonly host: string; readonly os: string; readonly arch: string; readonly version: string };
  /** A token from the command line, agent.conf or the environment; it goes before the stored one and is not stored. */
  readonly givenIdentity: TunnelIdentity | null;
}

export class Membership {
  constructor(private readonly ports: MembershipPorts) {}

  /**
   * Who this computer is to its hub; null when it belongs to none.
   * @throws HoldfastError `token-unknown` when a hub was joined but its token is gone from the secret store; `keychain-locked`.
   */
  async identity(): Promise<TunnelIdentity | null> {
    const { givenIdentity, settings, secrets } = this.ports;
    if (givenIdentity !== null) return givenIdentity;
    const { hub } = settings.read();
    if (hub === null) return null;
    const token = await secrets.get(tokenName);
    if (token === null) {
      throw new HoldfastError('token-unknown', `The token for ${hub.url} is not in ${secrets.description} any more. Join the hub again with a new setup link.`);
    }
    return { url: hub.url, fingerprint: hub.fingerprint, token };
  }

  /** @param text a setup link, or the link of an agent token. The token is stored before the hub is remembered. */
  async join(text: string): Promise<{ hub: string; name: string }> {
    const link = parseLink(text);
    const { computer: { host, os, arch, version }, secrets, settings } = this.ports;
    let { token } = link;
    let name = host;
    let agentId: string | null = null;
    if (link.kind === 'join') ({ token, name, agentId } = await this.ports.enrol(link, { name: host, host, os, arch, version }));
    await secrets.set(tokenName, token);
    await settings.write({ ...settings.read(), hub: { url: link.url, fingerprint: link.fingerprint }, agentId, name, recovery: link.recovery === undefined ? null : { recipient: link.recovery, answer: 'allowed' } });
    return { hub: link.url, name };
  }

  async leave(): Promise<void> {
    const { secrets, settings } = this.ports;
    await secrets.delete(tokenName);
    await settings.write({ ...settings.read(), hub: null, agentId: null, recovery: null });
  }
}
