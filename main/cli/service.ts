/** The service of this installation of the command. */
import { fileURLToPath } from 'node:url';
import { openUserService, type ServiceStatus, type UserService } from '../platform/service/index.js';
import type { Cli } from './cli.js';
import { cliPaths } from './places.js';

/** The command of a package is the app's own program, and so is the service that it installs. */
const isPackaged = process.versions['electron'] !== undefined;

export const cliService = (cli: Cli): UserService =>
  openUserService({ env: cli.env, paths: cliPaths(cli), script: isPackaged ? null : fileURLToPath(new URL('./holdfast.js', import.meta.url)) });

/** How the service is, or why there can be none. */
export const serviceStatus = (cli: Cli): Promise<ServiceStatus> => cliService(cli).status();
