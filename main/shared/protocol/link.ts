/**
 * A link carries all that a computer needs to reach a hub: address, token and, for a self-signed hub, the fingerprint to pin.
 *   holdfast://join?hub=https%3A%2F%2Foffice.local%3A7878&token=12%7C…&fingerprint=ab12…     a setup link
 *   holdfast://agent?hub=…&token=…&fingerprint=…                                            an agent token with its address
 */
import { HoldfastError } from '../errors.js';
import { recipientSchema } from './recovery.js';
import { tokenSchema } from './token.js';

export interface HubAddress {
  /** Base URL, https unless on loopback, no trailing slash. */
  readonly url: string;
  /** SHA-256 of the hub's certificate (DER), 64 hex digits; null when the public authorities vouch for it. */
  readonly fingerprint: string | null;
}

export interface HubLink extends HubAddress {
  readonly kind: 'join' | 'agent';
  readonly token: string;
  /** The office's recovery key, an age recipient: whoever uses this link lets the office recover the backups of that computer. */
  readonly recovery?: string;
}

const isLoopback = (host: string): boolean => host === 'localhost' || host === '[::1]' || /^127(\.\d{1,3}){3}$/.test(host);

/** @throws HoldfastError `usage` when the address is not https, or http to somewhere else than this computer. */
export function parseHubUrl(text: string): string {
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    throw new HoldfastError('usage', `"${text}" is not a hub address. It should look like https://office.example:7878.`);
  }
  if (url.protocol !== 'https:' && !(url.protocol === 'http:' && isLoopback(url.hostname))) {
    throw new HoldfastError('usage', `The hub address ${url.origin} is not encrypted. Use the https:// address of the hub.`);
  }
  if (url.username || url.password || url.search || url.hash || (url.pathname !== '/' && url.pathname !== '')) {
    throw new HoldfastError('usage', `"${url.origin}" is all that a hub address may hold. Remove what stands before or after it.`);
  }
  return url.origin;
}

/** @throws HoldfastError `usage` naming the part that is wrong; the token itself is never quoted. */
export function parseLink(text: string): HubLink {
  const wrong = (what: string): HoldfastError =>
    new HoldfastError('usage', `This is not a setup link: ${what}. Copy the whole link from the hub's Setup tokens page.`);
  let url: URL;
  try {
    url = new URL(text.trim());
  } catch {
    throw wrong('it is not a link at all');
  }
  if (url.protocol !== 'holdfast:') throw wrong('it does not start with holdfast://');
  const kind = url.host || url.pathname.replace(/^\/+/, '').split('/')[0];
  if (kind !== 'join' && kind !== 'agent') throw wrong('it is for something else');
  const hub = url.searchParams.get('hub');
  const token = tokenSchema.safeParse(url.searchParams.get('token') ?? '');
  const fingerprint = url.searchParams.get('fingerprint');
  if (!hub) throw wrong('the hub address is missing');
  if (!token.success) throw wrong('its token is missing or damaged');
  if (fingerprint !== null && !/^[0-9a-f]{64}$/.test(fingerprint)) throw wrong('its fingerprint is damaged');
  const recovery = url.searchParams.get('recovery');
  if (recovery !== null && !recipientSchema.safeParse(recovery).success) throw wrong('its recovery key is damaged');
  return { kind, url: parseHubUrl(hub), token: token.data, fingerprint, ...(recovery === null ? {} : { recovery }) };
}

/** The inverse of {@link parseLink}. */
export function formatLink(link: HubLink): string {
  const query = new URLSearchParams({ hub: link.url, token: link.token });
  if (link.fingerprint) query.set('fingerprint', link.fingerprint);
  if (link.recovery !== undefined) query.set('recovery', link.recovery);
  return `holdfast://${link.kind}?${query}`;
}
