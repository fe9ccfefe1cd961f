/** A connection to an SSH server, through others where the configuration says so. Host keys are checked before anything is said. */
import { homedir } from 'node:os';
import { join } from 'node:path';
import type { Duplex } from 'node:stream';
import type * as Ssh from 'ssh2';
import type { Client } from 'ssh2';
import { HoldfastError } from '../../../shared/errors.js';
import { codeOf } from '../local-errors.js';
import { networkError } from '../remote/network-errors.js';
import { Channel } from './channel.js';
import { readFileSync } from './files.js';
import { identities, type Credentials } from './identities.js';
import { UnknownHostKey } from './host-key.js';
import { algorithmOrder, fingerprint, judge, knownKeys, typeOf } from './known-hosts.js';
import { settingsFor, type HostSettings } from './ssh-config.js';

export interface SshSettings extends Credentials {
  /** Fingerprints (`SHA256:…`) accepted for this destination, whatever known_hosts says. */
  readonly hostKeys: readonly string[];
  readonly knownHostsFile?: string | undefined;
  readonly configFile?: string | undefined;
  readonly stallMs: number;
}

export interface Target { readonly host: string; readonly user?: string | undefined; readonly port?: number | undefined }

const connectTimeout = 20_000; // ms
const mostHops = 5;

export interface Connection {
  readonly sftp: Channel;
  /** Settles when the connection is gone, for whatever reason. */
  readonly gone: Promise<void>;
  end(): void;
}

export async function connectSftp(target: Target, settings: SshSettings, env: NodeJS.ProcessEnv): Promise<Connection> {
  // loaded when it is first needed
  const ssh = (await import('ssh2')).default;
  const dialer = new Dialer(ssh, settings, env);
  try {
    const client = await dialer.dial(target, 0);
    const sftp = await openSftp(client, target.host);
    const gone = new Promise<void>((resolve) => {
      client.once('close', resolve).once('end', resolve).once('error', () => resolve());
    });
    void gone.then(() => {
      sftp.lose();
      dialer.end();
    });
    return { sftp, gone, end: () => dialer.end() };
  } catch (error) {
    dialer.end();
    throw error;
  }
}

class Dialer {
  private readonly clients: Client[] = [];
  private readonly home = homedir();

  constructor(private readonly ssh: Pick<typeof Ssh, 'Client' | 'utils'>, private readonly settings: SshSettings, private readonly env: NodeJS.ProcessEnv) {}

  async dial(target: Target, depth: number): Promise<Client> {
    const files = this.settings.configFile === undefined ? [join(this.home, '.ssh', 'config'), '/etc/ssh/ssh_config'] : [this.settings.configFile];
    const host = settingsFor(target.host, target, files, this.home);
    if (depth > mostHops) throw new HoldfastError('usage', `The ssh configuration of ${target.host} jumps in a circle. Check its ProxyJump.`);
    const sock = host.proxyJump.length > 0 ? await this.jump(host, depth) : undefined;
    return this.connect(target, host, sock, depth === 0);
  }

  /** Through all hops but the last in order: each hop's own configuration may name further ones. */
  private async jump(host: HostSettings, depth: number): Promise<Duplex> {
    let via: Client | null = null;
    for (const [index, hop] of host.proxyJump.entries()) {
      const [, user, name = hop, port] = /^(?:(.*)@)?(\[[^\]]+\]|[^:]+)(?::(\d+))?$/.exec(hop) ?? [];
      const next: Target = { host: name.replace(/^\[|\]$/g, ''), user, port: port === undefined ? undefined : Number(port) };
      via = via === null ? await this.dial(next, depth + 1 + index) : await this.dialThrough(via, next);
    }
    if (via === null) throw new HoldfastError('usage', `The ProxyJump of ${host.hostname} names no host. Check the ssh configuration.`);
    return forward(via, host.hostname, host.port);
  }

  private async dialThrough(via: Client, target: Target): Promise<Client> {
    const host = settingsFor(target.host, target, this.settings.configFile === undefined ? [join(this.home, '.ssh', 'config')] : [this.settings.configFile], this.home);
    return this.connect(target, host, await forward(via, host.hostname, host.port), false);
  }

  private connect(target: Target, host: HostSettings, sock: Duplex | undefined, isLast: boolean): Promise<Client> {
    const { settings } = this;
    const shown = host.port === 22 ? host.hostname : `${host.hostname}:${host.port}`;
    const knownFiles = settings.knownHostsFile === undefined ? [...host.userKnownHostsFiles, '/etc/ssh/ssh_known_hosts'] : [settings.knownHostsFile];
    const known = knownKeys(knownFiles.map(readFileSync), host.hostKeyAlias ?? host.hostname, host.hostKeyAlias === undefined ? host.port : 22);
    const { methods, locked } = identities(this.ssh, host, isLast ? settings : { passphrase: settings.passphrase, agent: settings.agent }, this.home, this.env);
    let refused: HoldfastError | null = null;
    const client = new this.ssh.Client();
    this.clients.push(client);
    return new Promise((resolve, reject) => {
      const fail = (error: unknown): void => reject(refused ?? sshError(error, shown, host.user, locked));
      client.once('connect', () => client.setNoDelay(true)); // requests are small and wait for each other
      client.once('ready', () => resolve(client));
      client.on('error', fail); // stays: an error after the connection was made is followed by "close"
      client.once('close', () => fail(Object.assign(new Error('closed'), { code: 'ECONNRESET' })));
      client.connect({
        host: host.hostname, port: host.port, username: host.user, ...(sock ? { sock } : {}),
        readyTimeout: Math.min(connectTimeout, settings.stallMs),
        keepaliveInterval: Math.ceil(settings.stallMs / 3), keepaliveCountMax: 3,
        authHandler: methods.length > 0 ? methods : [{ type: 'none', username: host.user }], // asking for nothing first would cost a round trip
        algorithms: { serverHostKey: algorithmOrder(known) as Ssh.ServerHostKeyAlgorithm[] },
        hostVerifier: (key: Buffer) => {
          refused = judgeHost(key, shown, known, isLast ? settings.hostKeys : []);
          return refused === null;
        },
      });
    });
  }

  end(): void {
    for (const client of this.clients.splice(0).reverse()) client.end();
  }
}

/** @returns why the host is not to be trusted, or null. */
function judgeHost(key: Buffer, host: string, known: Parameters<typeof judge>[1], accepted: readonly string[]): HoldfastError | null {
  const shown = fingerprint(key);
  if (accepted.includes(shown)) return null;
  const refuse = (message: string): HoldfastError => new HoldfastError('destination-failed', message, { retryable: false });
  switch (accepted.length > 0 ? 'changed' : judge(key, known)) {
    case 'known':
      return null;
    case 'revoked':
      return refuse(`The key of ${host} has been revoked (${shown}). Do not use this server before its owner has given it a new key.`);
    case 'changed':
      return refuse(`The host key of ${host} has changed (now ${typeOf(key)} ${shown}). If the server was set up anew, accept the new key; otherwise somebody is in between.`);
    case 'unknown':
      return new UnknownHostKey(shown, `The host key of ${host} is not known yet: ${typeOf(key)} ${shown}. Compare it with the server's, and accept it in the destination's settings (host-key) or by logging in once with ssh.`);
  }
}

function sshError(error: unknown, host: string, user: string, locked: readonly string[]): HoldfastError {
  if (error instanceof HoldfastError) return error;
  const level = typeof error === 'object' && error !== null && 'level' in error ? error.level : undefined;
  if (level === 'client-authentication') {
    const keys = locked.length === 0 ? '' : ` The key ${locked.join(', ')} was not tried because it needs a passphrase.`;
    return new HoldfastError('permission-denied', `The server ${host} does not let ${user} in. Check the user name, and that your public key or password is known there.${keys}`, { cause: error });
  }
  if (level === 'client-timeout') return new HoldfastError('destination-missing', `The server ${host} does not answer. Check the address, the network and any firewall between.`, { cause: error });
  const network = networkError(error, host);
  if (network) return network;
  if (level === 'handshake') return new HoldfastError('destination-failed', `The server ${host} and Holdfast find no common way to encrypt. Update the server's SSH.`, { cause: error, retryable: false });
  if (level === 'protocol') return new HoldfastError('destination-failed', `What answers at ${host} is no SSH server, or the connection was disturbed. Check the address and port.`, { cause: error, retryable: true });
  return new HoldfastError('destination-failed', `The connection to ${host} broke off${codeOf(error) === undefined ? '' : ` (${codeOf(error) ?? ''})`}. Check the network and try again.`, { cause: error, retryable: true });
}

function forward(client: Client, host: string, port: number): Promise<Duplex> {
  return new Promise((resolve, reject) => {
    client.forwardOut('127.0.0.1', 0, host, port, (error, channel) => {
      if (error) reject(new HoldfastError('destination-missing', `${host} cannot be reached from the jump host. Check that it is running, and that the jump host allows forwarding.`, { cause: error }));
      else resolve(channel);
    });
  });
}

function openSftp(client: Client, host: string): Promise<Channel> {
  return new Promise((resolve, reject) => {
    client.sftp((error, sftp) => {
      if (error) reject(new HoldfastError('destination-failed', `${host} offers no SFTP. Switch it on at the server.`, { cause: error, retryable: false }));
      else resolve(new Channel(sftp));
    });
  });
}
