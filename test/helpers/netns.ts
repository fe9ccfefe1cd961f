/**
 * Network namespaces: computers of their own as far as the network goes, with cables between them that can be slow, lossy or cut.
 * Needs root, iproute2 and nftables. Addresses are from 10.231.0.0/16 and exist on this machine only.
 */
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';

function sh(command: string, ...args: string[]): string {
  try {
    return execFileSync(command, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
  } catch (error) {
    const said = error instanceof Error && 'stderr' in error ? String(error.stderr).trim() : String(error);
    throw new Error(`${command} ${args.join(' ')}: ${said}`, { cause: error });
  }
}

/** One end of a cable. */
export interface End {
  /** The interface's name within its namespace. */
  readonly device: string;
  /** IPv4, without the prefix length. */
  readonly address: string;
  /** Limits what leaves this end: tc's token bucket filter. Bits per second. */
  limit(bitsPerSecond: number): void;
  /** What arrives here is lost at random with this probability, 0 to 1. */
  lose(share: number): void;
  /** Pulls the cable, or puts it back. */
  plug(isPlugged: boolean): void;
}

export class Namespace {
  readonly name = `hf-${process.pid}-${randomBytes(3).toString('hex')}`;

  constructor() {
    if (process.getuid?.() !== 0) throw new Error('Network namespaces want root. Run these tests as root.');
    sh('ip', 'netns', 'add', this.name);
    this.run('ip', 'link', 'set', 'lo', 'up');
  }

  /** The command that runs something in here: for `spawn` and `start`. */
  inside(command: string, ...args: string[]): [string, string[]] {
    return ['ip', ['netns', 'exec', this.name, command, ...args]];
  }

  /** Runs a short command in here. @returns its output */
  run(command: string, ...args: string[]): string {
    const [program, all] = this.inside(command, ...args);
    return sh(program, ...all);
  }

  /** Makes this a router that hides what is behind `inner` from what is beyond `outer`, as a home's router does. */
  masquerade(outer: End): void {
    this.run('sysctl', '-qw', 'net.ipv4.ip_forward=1');
    this.run('nft', `add table ip hf_nat; add chain ip hf_nat out { type nat hook postrouting priority 100 ; }; add rule ip hf_nat out oifname ${outer.device} masquerade`);
  }

  /** Everything that is not next door goes through that neighbour. */
  route(via: End): void {
    this.run('ip', 'route', 'replace', 'default', 'via', via.address);
  }

  /** Cables into it are gone with it. Processes in it should have ended. */
  remove(): void {
    sh('ip', 'netns', 'del', this.name);
  }
}

let cables = 0;

/** A cable between two namespaces; null stands for this computer itself. It is gone when one of its namespaces is. */
export function cable(one: Namespace | null, other: Namespace | null): [End, End] {
  if (one === null && other === null) throw new Error('a cable from this computer to itself needs no making');
  const mark = randomBytes(3).toString('hex');
  const names = [`hf${mark}a`, `hf${mark}b`] as const;
  const spaces = [one, other] as const;
  // a random start keeps two runs on one machine apart; /30 has room for two
  const net = ((process.pid * 64 + cables++) % 16384) * 4;
  const addresses = [1, 2].map((last) => `10.231.${Math.floor(net / 256)}.${(net % 256) + last}`);
  const place = (space: Namespace | null): string[] => (space ? ['netns', space.name] : []);
  sh('ip', 'link', 'add', names[0], ...place(one), 'type', 'veth', 'peer', 'name', names[1], ...place(other));
  const make = (at: 0 | 1): End => {
    const [space, device, address] = [spaces[at], names[at], addresses[at] ?? ''];
    const run = (command: string, ...args: string[]): string => (space ? space.run(command, ...args) : sh(command, ...args));
    run('ip', 'address', 'add', `${address}/30`, 'dev', device);
    run('ip', 'link', 'set', device, 'up');
    // packets as large as on a real wire: a lost one is then one of many, and the bucket need not hold 64 KiB at once
    run('ip', 'link', 'set', device, 'gso_max_segs', '1');
    return {
      device, address,
      limit: (bitsPerSecond) => { run('tc', 'qdisc', 'replace', 'dev', device, 'root', 'tbf', 'rate', `${bitsPerSecond}bit`, 'burst', '16kb', 'latency', '400ms'); },
      lose: (share) => {
        const table = `hf_loss_${device}`;
        run('nft', `add table inet ${table}; delete table inet ${table}`);
        if (share <= 0) return;
        run('nft', `add table inet ${table}; add chain inet ${table} in { type filter hook prerouting priority -300 ; }; add rule inet ${table} in iifname ${device} ${share < 1 ? `numgen random mod 1000 < ${Math.round(share * 1000)} ` : ''}drop`);
      },
      plug: (isPlugged) => { run('ip', 'link', 'set', device, isPlugged ? 'up' : 'down'); },
    };
  };
  return [make(0), make(1)];
}
