/** The service manager of this computer. */
import os from 'node:os';
import { HoldfastError } from '../../shared/errors.js';
import type { Paths } from '../paths/paths.js';
import { LaunchdService } from './launchd/launchd.js';
import { nameSuffix, serviceProgram, type Env } from './program.js';
import type { FindAgent, UserService } from './service.js';
import { sessionEnv } from './systemd/session.js';
import { SystemdService } from './systemd/systemd.js';
import { toolsWith } from './tool.js';

export type { FindAgent, InstallOptions, ServiceState, ServiceStatus, UserService } from './service.js';

export interface UserServiceOptions {
  readonly env: Env;
  readonly paths: Paths;
  /** `holdfast.js` of the command, under plain Node; null in the app. */
  readonly script: string | null;
  /** The app's folder where the executable is a development runtime; null in a package. */
  readonly app?: string | null;
  readonly platform?: NodeJS.Platform;
  /** Whoever answers at the data folder's socket, unless said otherwise. */
  readonly findAgent?: FindAgent;
}

/** @throws HoldfastError `not-found` on a system whose service manager Holdfast does not know. */
export function openUserService({ app = null, env, findAgent, paths, platform = process.platform, script }: UserServiceOptions): UserService {
  const { homedir: home, uid, username: name } = os.userInfo();
  const program = serviceProgram({ app, env, script, execPath: process.execPath });
  const suffix = nameSuffix(paths.override);
  const find = findAgent ?? (() => agentProcess(paths.dataFolder));
  if (platform === 'linux') {
    const ownEnv = sessionEnv(env, { uid, name });
    const unit = suffix === '' ? 'holdfast.service' : `holdfast-${suffix}.service`;
    return new SystemdService({ program, env: ownEnv, name: unit, user: { uid, name }, home: env['HOME'] || home, tool: toolsWith(ownEnv), findAgent: find });
  }
  if (platform === 'darwin') {
    const label = suffix === '' ? 'io.holdfast.agent' : `io.holdfast.agent.${suffix}`;
    return new LaunchdService({ program, label, uid, home: env['HOME'] || home, logFolder: paths.logFolder, tool: toolsWith(env), findAgent: find });
  }
  throw new HoldfastError('not-found', `Holdfast knows no service manager on ${platform}. Have the system's own one run: holdfast agent`);
}

async function agentProcess(dataFolder: string): Promise<number | null> {
  const { connectAgentControl } = await import('../local-socket/client.js');
  try {
    const control = await connectAgentControl(dataFolder);
    try {
      return (await control.call('state', {})).agent.pid;
    } finally {
      control.close();
    }
  } catch {
    return null; // none is there, or one that is just ending
  }
}
