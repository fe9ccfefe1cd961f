/** `rclone serve restic`: a real server of restic's REST protocol, over a folder. */
import { start, type Running } from './processes.js';
import { freePort } from './ports.js';

export interface RestServer {
  readonly port: number;
  /** `rest:http://127.0.0.1:PORT/`, without user and password. */
  readonly url: string;
  readonly process: Running;
  stop(): Promise<void>;
  /** Without a word to anybody. */
  kill(): Promise<void>;
}

export interface RestServerOptions {
  readonly user?: string;
  readonly password?: string;
  readonly appendOnly?: boolean;
  /** Files in PEM form: the server speaks TLS then. */
  readonly tls?: { certificate: string; key: string };
  readonly port?: number;
}

/** Stop it yourself: it may outlive a test. */
export async function startRestServer(folder: string, options: RestServerOptions = {}): Promise<RestServer> {
  const port = options.port ?? await freePort();
  const process = start('rclone', [
    'serve', 'restic', '--addr', `127.0.0.1:${port}`, '--config', '/dev/null',
    ...(options.user === undefined ? [] : ['--user', options.user, '--pass', options.password ?? '']),
    ...(options.appendOnly ? ['--append-only'] : []),
    ...(options.tls ? ['--cert', options.tls.certificate, '--key', options.tls.key] : []),
    folder,
  ], { keep: true });
  await process.line(/Serving restic REST API/);
  const scheme = options.tls ? 'https' : 'http';
  return {
    port, process, url: `rest:${scheme}://127.0.0.1:${port}/`,
    stop: async () => void (await process.stop(2000)),
    kill: async () => {
      process.signal('SIGKILL');
      await process.ended;
    },
  };
}
