/** Who this computer is to its hub, where that is given outside the keychain: a file, the environment, agent.conf. */
import { readFile } from 'node:fs/promises';
import type { TunnelIdentity } from '../../agent/tunnel-port.js';
import { HoldfastError } from '../../shared/errors.js';
import { parseHubUrl, parseLink, type HubAddress } from '../../shared/protocol/link.js';
import { parseToken, tokenSchema } from '../../shared/protocol/token.js';

export interface IdentitySources {
  /** `--token-file`. */
  readonly tokenFile?: string | undefined;
  /** `--hub` and `--fingerprint`. */
  readonly hub?: string | undefined;
  readonly fingerprint?: string | undefined;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** `agent.conf` of the data folder. */
  readonly agentConf: string;
  /** The hub that was joined. */
  readonly joined: HubAddress | null;
  /** The hub that runs with the same data folder; asked only when nothing else names one. */
  localHub(): Promise<HubAddress | null>;
}

/** What a token file, agent.conf or HOLDFAST_AGENT_TOKEN may say. */
interface Given {
  readonly token: string;
  readonly hub?: HubAddress;
}

/** @returns null when no token is given: then the keychain has it. @throws HoldfastError `usage`, `token-unknown`. */
export async function givenIdentity(sources: IdentitySources): Promise<TunnelIdentity | null> {
  const given = await givenToken(sources);
  if (given === null) return null;
  const hub = namedHub(sources) ?? given.hub ?? sources.joined ?? await sources.localHub();
  if (hub === null) throw new HoldfastError('usage', 'The token is there but not the address of its hub. Give --hub, set HOLDFAST_HUB, or use the whole holdfast:// link.');
  return { ...hub, token: given.token };
}

async function givenToken({ agentConf, env, tokenFile }: IdentitySources): Promise<Given | null> {
  if (tokenFile !== undefined) {
    const text = await readFile(tokenFile, 'utf8').catch((cause: unknown) => {
      throw new HoldfastError('token-unknown', `The token file ${tokenFile} cannot be read. Check its name and permissions.`, { cause });
    });
    return parseGiven(text, tokenFile);
  }
  const fromEnvironment = env['HOLDFAST_AGENT_TOKEN'];
  if (fromEnvironment) return parseGiven(fromEnvironment, 'HOLDFAST_AGENT_TOKEN');
  const conf = await readFile(agentConf, 'utf8').catch(() => null);
  return conf === null ? null : parseGiven(conf, agentConf);
}

/**
 * A link, a token, or lines `token = …`, `hub = …`, `fingerprint = …` with # for comments.
 * @param where names the source in messages; the token itself is never quoted.
 */
export function parseGiven(text: string, where: string): Given {
  const lines = text.split('\n').map((line) => line.trim()).filter((line) => line !== '' && !line.startsWith('#'));
  const [only] = lines;
  if (lines.length === 1 && only !== undefined) {
    if (only.startsWith('holdfast:')) {
      const { fingerprint, kind, token, url } = parseLink(only);
      if (kind === 'join') throw new HoldfastError('usage', `${where} holds a setup link. Use it with "holdfast join"; an agent link begins with holdfast://agent.`);
      return { token, hub: { url, fingerprint } };
    }
    if (parseToken(only) !== null) return { token: tokenSchema.parse(only) };
  }
  const values = new Map(lines.map((line) => /^(\w+)\s*[=:]\s*(.*)$/.exec(line)).flatMap((match) => (match === null ? [] : [[match[1]?.toLowerCase() ?? '', match[2]?.replace(/^(["'])(.*)\1$/, '$2') ?? '']] as const)));
  const token = tokenSchema.safeParse(values.get('token') ?? '');
  if (!token.success) throw new HoldfastError('token-unknown', `${where} holds no agent token. Write a line "token = …", or the whole holdfast://agent link.`);
  const url = values.get('hub');
  return { token: token.data, ...(url === undefined ? {} : { hub: { url: parseHubUrl(url), fingerprint: parseFingerprint(values.get('fingerprint')) } }) };
}

function namedHub({ env, fingerprint, hub }: IdentitySources): HubAddress | null {
  const url = hub ?? (env['HOLDFAST_HUB'] || undefined);
  if (url === undefined) return null;
  return { url: parseHubUrl(url), fingerprint: parseFingerprint(fingerprint ?? (env['HOLDFAST_HUB_FINGERPRINT'] || undefined)) };
}

function parseFingerprint(text: string | undefined): string | null {
  if (text === undefined) return null;
  const hex = text.replace(/[:\s]/g, '').toLowerCase();
  if (!/^[0-9a-f]{64}$/.test(hex)) throw new HoldfastError('usage', 'The fingerprint of the hub is not 64 hexadecimal digits. Copy it from "holdfast hub --json".');
  return hex;
}
