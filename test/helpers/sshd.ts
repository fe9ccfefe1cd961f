/** A real sshd on the loopback address, for the user who runs the tests, with keys of its own. */
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { userInfo } from 'node:os';
import { connect } from 'node:net';
import { freePort } from './ports.js';
import { runOk, start, type Running } from './processes.js';
import { removeTree, tempFolder } from './temp.js';
import { until } from './until.js';

export interface SshServer {
  readonly port: number;
  readonly user: string;
  /** A private key that the server lets in. */
  readonly keyFile: string;
  /** Holds the server's key and no other. */
  readonly knownHostsFile: string;
  /** `SHA256:…` of the host's key. */
  readonly fingerprint: string;
  /** Settings of an SFTP destination that reach it. */
  readonly settings: Readonly<Record<string, string>>;
  /** Gives the server another host key, and starts it anew. */
  changeHostKey(): Promise<void>;
  kill(): Promise<void>;
  start(): Promise<void>;
  stop(): Promise<void>;
}

export async function makeKey(file: string, passphrase = '', type = 'ed25519'): Promise<void> {
  await runOk('ssh-keygen', ['-q', '-t', type, '-N', passphrase, '-C', 'test', '-f', file]);
}

export interface SshServerOptions {
  /** Further public keys (files) that are let in. */
  readonly authorized?: readonly string[];
  readonly allowForwarding?: boolean;
}

/** Stop it yourself: it may outlive a test. */
export async function startSshServer(options: SshServerOptions = {}): Promise<SshServer> {
  const folder = tempFolder({ keep: true });
  const at = (name: string): string => path.join(folder, name);
  await Promise.all([makeKey(at('host')), makeKey(at('id'))]);
  copyFileSync(at('id.pub'), at('authorized'));
  for (const file of options.authorized ?? []) writeFileSync(at('authorized'), readFileSync(file), { flag: 'a' });
  if (process.getuid?.() === 0) mkdirSync('/run/sshd', { recursive: true, mode: 0o755 });
  const port = await freePort();
  writeFileSync(at('config'), `Port ${port}
ListenAddress 127.0.0.1
HostKey ${at('host')}
PidFile ${at('pid')}
AuthorizedKeysFile ${at('authorized')}
StrictModes no
UsePAM no
PasswordAuthentication no
KbdInteractiveAuthentication no
PermitRootLogin prohibit-password
AllowTcpForwarding ${options.allowForwarding ? 'yes' : 'no'}
Subsystem sftp internal-sftp
LogLevel VERBOSE
MaxStartups 100
`);
  let daemon: Running | undefined;
  const begin = async (): Promise<void> => {
    daemon = start('/usr/sbin/sshd', ['-D', '-e', '-f', at('config')], { keep: true });
    await until('sshd listens', () => {
      if (!daemon?.isRunning) throw new Error(`sshd ended\n${daemon?.lines.join('\n')}`);
      return new Promise<boolean>((resolve) => {
        const socket = connect(port, '127.0.0.1');
        socket.once('connect', () => { socket.destroy(); resolve(true); }).once('error', () => resolve(false));
      });
    });
  };
  const rememberHost = (): void => {
    const [type, key] = readFileSync(at('host.pub'), 'utf8').split(' ');
    writeFileSync(at('known_hosts'), `[127.0.0.1]:${port} ${type} ${key}\n`);
  };
  const fingerprintOf = async (): Promise<string> => (await runOk('ssh-keygen', ['-l', '-f', at('host.pub')])).split(' ')[1] ?? '';
  rememberHost();
  writeFileSync(at('empty'), '');
  await begin();
  const kill = async (): Promise<void> => {
    // sessions are processes of their own and outlive their parent
    const { pid } = daemon ?? {};
    const children = pid === undefined ? [] : (await runOk('ps', ['-o', 'pid=', '--ppid', String(pid)]).catch(() => '')).split('\n').map(Number).filter((child) => child > 1);
    daemon?.signal('SIGKILL');
    for (const child of children) {
      try {
        process.kill(child, 'SIGKILL');
      } catch {
        // it has ended by itself
      }
    }
    await daemon?.ended;
  };
  return {
    port, user: userInfo().username, keyFile: at('id'), knownHostsFile: at('known_hosts'), fingerprint: await fingerprintOf(),
    settings: { 'private-key-file': at('id'), 'known-hosts-file': at('known_hosts'), 'ssh-config-file': at('empty') },
    changeHostKey: async () => {
      await kill();
      for (const name of ['host', 'host.pub']) await removeTree(at(name));
      await makeKey(at('host'));
      await begin();
    },
    kill, start: begin,
    stop: async () => {
      await kill();
      await removeTree(folder);
    },
  };
}
