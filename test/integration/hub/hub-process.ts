/** A hub in a process of its own, so that it can be killed. Runs what the build made. */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { onTestFinished } from 'vitest';

const built = path.resolve(import.meta.dirname, '../../../out/main/hub/index.js');

const program = `
const [entry, options] = process.argv.slice(1);
const { startHub } = await import(entry);
const { appendFileSync } = await import('node:fs');
const { logFile, ...rest } = JSON.parse(options);
const log = (level, message) => {
  if (level === 'error') console.error(message);
  if (logFile !== undefined) appendFileSync(logFile, level + ' ' + message + '\\n');
};
const hub = await startHub({ ...rest, version: '0.0.0', name: 'Test hub', logger: { log } });
console.log(JSON.stringify({ url: hub.url, fingerprint: hub.fingerprint }));
process.on('SIGTERM', () => hub.close().then(() => process.exit(0)));
`;

export interface HubProcess {
  readonly url: string;
  readonly fingerprint: string;
  /** What it wrote to stderr so far. */
  errors(): string;
  /** kill -9. Resolves when it is gone. */
  kill(): Promise<void>;
}

export async function hubProcess(options: { dataFolder: string; listen: { host: string; port: number }; database?: string; /** Takes every line of its log. */ logFile?: string }): Promise<HubProcess> {
  if (!existsSync(built)) throw new Error('This test runs the built hub: npm run build');
  const child = spawn(process.execPath, ['--input-type=module', '-e', program, pathToFileURL(built).href, JSON.stringify(options)], { stdio: ['ignore', 'pipe', 'pipe'] });
  const exited = new Promise<void>((resolve) => { child.on('exit', () => resolve()); });
  let errors = '';
  child.stderr.on('data', (part: Buffer) => { errors += part.toString(); });
  const kill = async (): Promise<void> => {
    child.kill('SIGKILL');
    await exited;
  };
  onTestFinished(kill);
  const line = await new Promise<string>((resolve, reject) => {
    let text = '';
    child.stdout.on('data', (part: Buffer) => {
      text += part.toString();
      if (text.includes('\n')) resolve(text);
    });
    void exited.then(() => reject(new Error(`the hub did not start: ${errors}`)));
  });
  const { url, fingerprint } = JSON.parse(line) as { url: string; fingerprint: string };
  return { url, fingerprint, errors: () => errors, kill };
}
