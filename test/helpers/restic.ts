/** Runs the official restic, which must be on the machine: tests never skip for want of it. */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { start } from './processes.js';

export interface ResticRun { code: number; stdout: string; stderr: string }

export class Restic {
  constructor(readonly repository: string, readonly password: string, private readonly cacheFolder: string, private readonly options: readonly string[] = []) {}

  /** Runs restic and hands back whatever happened. `cwd` and extra variables are optional. */
  run(args: string[], options: { cwd?: string; env?: Record<string, string>; input?: string } = {}): Promise<ResticRun> {
    return new Promise((resolve, reject) => {
      const child = execFile('restic', ['-r', this.repository, '--cache-dir', join(this.cacheFolder, 'restic-cache'), ...this.options, ...args], {
        cwd: options.cwd, maxBuffer: 256 * 1024 * 1024, timeout: 150_000,
        env: { ...process.env, RESTIC_PASSWORD: this.password, RESTIC_PROGRESS_FPS: '0.1', ...options.env },
      }, (error, stdout, stderr) => {
        if (error && typeof error.code !== 'number') reject(error);
        else resolve({ code: typeof error?.code === 'number' ? error.code : 0, stdout, stderr });
      });
      if (options.input !== undefined) child.stdin?.end(options.input);
    });
  }

  /** Starts restic, which tries for minutes what a server refuses, waits until it says so, and interrupts it. @returns the line */
  async refused(args: string[], pattern: RegExp): Promise<string> {
    const running = start('restic', ['-r', this.repository, '--cache-dir', join(this.cacheFolder, 'restic-cache'), ...this.options, ...args], { env: { RESTIC_PASSWORD: this.password, RESTIC_PROGRESS_FPS: '0.1' } });
    const [line] = await running.line(pattern);
    running.signal('SIGINT');
    await running.ended;
    return line;
  }

  /** Runs restic and fails unless it succeeds. @returns its output */
  async ok(args: string[], options: { cwd?: string; env?: Record<string, string>; input?: string } = {}): Promise<string> {
    const { code, stdout, stderr } = await this.run(args, options);
    if (code !== 0) throw new Error(`restic ${args.join(' ')} ended with ${code}\n${stdout}\n${stderr}`);
    return stdout;
  }

  async init(): Promise<void> {
    await this.ok(['init', '--repository-version', '2']);
  }

  /** `restic check --read-data`: proves every byte. */
  async check(env: Record<string, string> = {}): Promise<void> {
    const out = await this.ok(['check', '--read-data'], { env });
    if (!out.includes('no errors were found')) throw new Error(out);
  }

  async backup(paths: string[], options: { cwd?: string; env?: Record<string, string>; args?: string[] } = {}): Promise<{ snapshot_id: string; data_blobs: number; tree_blobs: number; data_added: number; files_unmodified: number }> {
    const out = await this.ok(['backup', '--json', ...options.args ?? [], ...paths], options);
    return JSON.parse(out.trim().split('\n').at(-1) ?? '{}');
  }

  async snapshots(): Promise<{ id: string; tree: string; time: string; paths: string[]; tags?: string[]; parent?: string }[]> {
    return JSON.parse(await this.ok(['snapshots', '--json']));
  }
}
