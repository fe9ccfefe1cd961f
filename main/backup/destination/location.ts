/** Addresses of repositories as they may be shown and logged. */

/** The address without a password in it, whatever kind it is. The user's name stays. */
export function withoutSecrets(url: string): string {
  return url.replace(/^((?:[a-z0-9]+:)?(?:[a-z0-9+.-]+:)?\/\/)([^/@]*)@/i, (_, scheme: string, who: string) => `${scheme}${who.replace(/:.*$/s, ':***')}@`);
}

/** Whether the address itself holds a password, which belongs in the keychain. */
export function holdsSecret(url: string): boolean {
  return withoutSecrets(url) !== url;
}
