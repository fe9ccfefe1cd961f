/** Installs the agent as a user unit of systemd, by systemctl(1). */
import path from 'node:path';
import { asHoldfastError, HoldfastError } from '../../../shared/errors.js';
import { readServiceFile, refuseForeign, removeServiceFile, writeServiceFile, type ServiceFile } from '../owned-file.js';
import type { Env } from '../program.js';
import type { FindAgent, InstallOptions, ServiceProgram, ServiceStatus, UserService } from '../service.js';
import type { Tool } from '../tool.js';
import { Autostart } from './autostart.js';
import { enableLinger, lingers } from './linger.js';
import { renderUnit } from './render.js';
import { unitPath, type User } from './session.js';
import { parseShow, properties, unitStatus, type UnitProperties } from './state.js';

export interface SystemdOptions {
  /** With the suffix `.service`. */
  readonly name: string;
  readonly program: ServiceProgram;
  readonly user: User;
  readonly home: string;
  readonly env: Env;
  readonly tool: Tool;
  readonly findAgent: FindAgent;
}

export class SystemdService implements UserService {
  /** For the tray app only: a server's agent needs no desktop. */
  private readonly autostart: Autostart;

  constructor(private readonly options: SystemdOptions) {
    this.autostart = new Autostart(options.name, options);
  }

  async install({ linger }: InstallOptions): Promise<ServiceStatus> {
    const { name, program, tool, user } = this.options;
    const text = renderUnit(name, program);
    const file = await this.file();
    const before = await readServiceFile(file);
    const unit = await this.ours(file, before);
    const changed = before.owner !== 'holdfast' || before.text !== text;
    try {
      if (changed) await writeServiceFile(file, text);
      await this.systemctl('daemon-reload');
      await this.systemctl('enable', name);
      await (program.variant === 'graphical' ? this.autostart.install() : this.autostart.uninstall());
    } catch (error) {
      // Half a service would start, or fail to, at the next login.
      if (before.owner === 'nobody') await removeServiceFile(file, 2);
      throw error;
    }
    const agent = await this.options.findAgent();
    const pid = Number(unit.MainPID) || null;
    if (agent === null || agent === pid) {
      // Also forgets the crashes that made systemd give up.
      await tool('systemctl', ['--user', 'reset-failed', name]);
      if (changed || unit.ActiveState !== 'active') await this.systemctl('restart', name);
    }
    if (linger) await enableLinger(tool, user);
    return this.status();
  }

  async uninstall(): Promise<{ removed: boolean }> {
    const { name, tool } = this.options;
    const file = await this.file();
    const before = await readServiceFile(file);
    const unit = await this.ours(file, before);
    if (before.owner === 'nobody') return { removed: false };
    // Who asks for it from inside of the service goes on until it ends by itself.
    await this.systemctl('disable', ...(Number(unit.MainPID) === process.pid ? [] : ['--now']), name);
    await this.autostart.uninstall();
    await removeServiceFile(file, 2);
    await this.systemctl('daemon-reload');
    await tool('systemctl', ['--user', 'reset-failed', name]); // only there to be reset if it had failed
    return { removed: true };
  }

  async status(): Promise<ServiceStatus> {
    const { name } = this.options;
    try {
      return await this.look();
    } catch (thrown) {
      return {
        state: 'unavailable', reason: asHoldfastError(thrown).message, manager: 'systemd', name, file: '', enabled: false, current: false, pid: null, since: null, restarts: null, staysAfterLogout: null,
      };
    }
  }

  private async look(): Promise<ServiceStatus> {
    const { name, program, tool, user } = this.options;
    const file = await this.file();
    const found = await readServiceFile(file);
    const [unit, lingering, agentPid] = await Promise.all([this.unit(), lingers(tool, user), this.options.findAgent()]);
    return unitStatus({
      name, file, unit, agentPid,
      owner: found.owner,
      current: found.owner === 'holdfast' && found.text === renderUnit(name, program) && (program.variant === 'headless' || await this.autostart.isCurrent()),
      lingers: lingering,
      now: Date.now(),
      monotonic: Number(process.hrtime.bigint() / 1000n),
    });
  }

  async logs(lines: number): Promise<string[]> {
    const { name, tool } = this.options;
    const { code, missing, stderr, stdout } = await tool('journalctl', ['--no-pager', '--quiet', '--output=short-iso', `--lines=${lines}`, `--user-unit=${name}`]);
    if (missing) throw new HoldfastError('not-found', 'This computer has no journal. The agent writes its own log too: holdfast logs');
    if (code !== 0) throw new HoldfastError('destination-failed', `The journal cannot be read: ${stderr.split('\n', 1)[0] ?? ''}. The agent writes its own log too: holdfast logs`);
    return stdout.split('\n').filter((line) => line !== '' && !line.startsWith('-- No entries'));
  }

  /** In the user's folder that systemd looks into: it need not have this shell's XDG_CONFIG_HOME. */
  private async file(): Promise<string> {
    const { env, home, name, tool, user } = this.options;
    const usual = path.join(home, '.config');
    const searched = ` ${await unitPath(tool, user, env)} `;
    const folders = [env['XDG_CONFIG_HOME'] ?? usual, usual].map((config) => path.join(config, 'systemd', 'user'));
    return path.join(folders.find((folder) => searched.includes(` ${folder} `)) ?? folders[1] ?? usual, name);
  }

  /** @returns how the unit is. @throws HoldfastError when it is somebody else's, in that file or in another folder. */
  private async ours(file: string, found: ServiceFile): Promise<UnitProperties> {
    const unit = await this.unit();
    if (found.owner === 'other') refuseForeign(this.options.name, file);
    if (unit.FragmentPath !== '' && unit.FragmentPath !== file) refuseForeign(this.options.name, unit.FragmentPath);
    return unit;
  }

  private async unit(): Promise<UnitProperties> {
    const { name, tool } = this.options;
    const { stdout } = await tool('systemctl', ['--user', 'show', `--property=${properties.join(',')}`, name]);
    return parseShow(stdout);
  }

  private async systemctl(...args: string[]): Promise<void> {
    const { code, stderr } = await this.options.tool('systemctl', ['--user', '--quiet', ...args]);
    if (code === 0) return;
    const why = code === null ? 'it does not answer' : (stderr.split('\n', 1)[0] ?? '').replace(/\.$/, '');
    throw new HoldfastError('destination-failed', `systemd could not do "systemctl --user ${args.join(' ')}": ${why}. Look with: systemctl --user status ${this.options.name}`);
  }
}
