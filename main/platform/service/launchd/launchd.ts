/** Installs the agent as a LaunchAgent, by launchctl(1). What of this was tried on a Mac is in docs/platforms.md. */
import { mkdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { HoldfastError } from '../../../shared/errors.js';
import { fileError, systemCode } from '../../files/errors.js';
import { readServiceFile, refuseForeign, removeServiceFile, writeServiceFile } from '../owned-file.js';
import type { FindAgent, InstallOptions, ServiceProgram, ServiceStatus, UserService } from '../service.js';
import type { Tool } from '../tool.js';
import { renderPlist } from './render.js';
import { jobStatus, parsePrint, type JobProperties } from './state.js';

export interface LaunchdOptions {
  readonly label: string;
  readonly program: ServiceProgram;
  readonly uid: number;
  readonly home: string;
  /** ~/Library/Logs/Holdfast, or what HOLDFAST_DATA makes of it. */
  readonly logFolder: string;
  readonly tool: Tool;
  readonly findAgent: FindAgent;
}

export class LaunchdService implements UserService {
  private readonly file: string;
  private readonly logFile: string;
  private readonly text: string;

  constructor(private readonly options: LaunchdOptions) {
    const { home, label, logFolder, program } = options;
    this.file = path.join(home, 'Library', 'LaunchAgents', `${label}.plist`);
    this.logFile = path.join(logFolder, 'service.log');
    this.text = renderPlist({ label, program, logFile: this.logFile });
  }

  /** A LaunchAgent lives and ends with its owner's login; lingering does not exist. */
  async install({ linger }: InstallOptions): Promise<ServiceStatus> {
    if (linger) throw new HoldfastError('usage', 'macOS ends a user\'s services at log-out. Leave out --linger, and let the user stay logged in.');
    const before = await readServiceFile(this.file);
    if (before.owner === 'other') refuseForeign(this.options.label, this.file);
    const changed = before.owner !== 'holdfast' || before.text !== this.text;
    const job = await this.job();
    const agent = await this.options.findAgent();
    if (changed) {
      await mkdir(path.dirname(this.logFile), { recursive: true, mode: 0o700 }).catch((cause: unknown) => { throw fileError('make the folder for logs', cause); });
      await writeServiceFile(this.file, this.text);
    }
    // RunAtLoad starts it at every login; loading it now would start a second agent.
    if (agent !== null && agent !== job.pid) return this.status();
    if (changed && job.loaded) await this.unload();
    if (changed || !job.loaded) await this.load(before.owner === 'nobody');
    else if (job.pid === null) await this.launchctl('kickstart', this.target());
    return this.status();
  }

  async uninstall(): Promise<{ removed: boolean }> {
    const before = await readServiceFile(this.file);
    if (before.owner === 'other') refuseForeign(this.options.label, this.file);
    if (before.owner === 'nobody') return { removed: false };
    const job = await this.job();
    // Unloading it ends it: who asks for that from inside goes on until the next log-out.
    if (job.loaded && job.pid !== process.pid) await this.unload();
    await removeServiceFile(this.logFile, 0);
    await removeServiceFile(this.file, 0);
    return { removed: true };
  }

  async status(): Promise<ServiceStatus> {
    const found = await readServiceFile(this.file);
    const [job, agentPid] = await Promise.all([this.job(), this.options.findAgent()]);
    return jobStatus({
      job, agentPid,
      label: this.options.label,
      file: this.file,
      owner: found.owner,
      current: found.owner === 'holdfast' && found.text === this.text,
    });
  }

  async logs(lines: number): Promise<string[]> {
    try {
      return (await readFile(this.logFile, 'utf8')).split('\n').filter((line) => line !== '').slice(-lines);
    } catch (cause) {
      if (systemCode(cause) === 'ENOENT') return [];
      throw fileError(`read ${this.logFile}`, cause);
    }
  }

  /** The login on the screen, or for the headless agent whatever session this user has. */
  private domain(): string {
    return `${this.options.program.variant === 'graphical' ? 'gui' : 'user'}/${this.options.uid}`;
  }

  private target(): string {
    return `${this.domain()}/${this.options.label}`;
  }

  private async job(): Promise<JobProperties> {
    const { code, stdout } = await this.options.tool('launchctl', ['print', this.target()]);
    return parsePrint(code === 0 ? stdout : null);
  }

  private async load(isNew: boolean): Promise<void> {
    try {
      await this.launchctl('enable', this.target());
      await this.launchctl('bootstrap', this.domain(), this.file);
    } catch (error) {
      if (isNew) await removeServiceFile(this.file, 0);
      throw error;
    }
  }

  private unload(): Promise<void> {
    return this.launchctl('bootout', this.target());
  }

  private async launchctl(...args: string[]): Promise<void> {
    const { code, missing, stderr } = await this.options.tool('launchctl', args);
    if (code === 0) return;
    if (missing) throw new HoldfastError('not-found', 'launchctl is not on this computer, so Holdfast cannot install itself as a service. Run the agent yourself: holdfast agent');
    throw new HoldfastError('destination-failed', `launchd could not do "launchctl ${args.join(' ')}": ${stderr.split('\n', 1)[0] ?? ''}. Log in on the screen of this Mac once and try again.`);
  }
}
