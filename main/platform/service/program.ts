/** What a service of this installation has to start, and what it is called. Pure. */
import { createHash } from 'node:crypto';
import type { ServiceProgram } from './service.js';

export type Env = Readonly<Record<string, string | undefined>>;

export interface Installation {
  /** This very program: node, or the app's executable. */
  readonly execPath: string;
  /** `holdfast.js` of the command, under plain Node; null in the app. */
  readonly script: string | null;
  /** The app's folder where the executable is a development runtime, which has to be told; null in a package. */
  readonly app?: string | null;
  readonly env: Env;
}

/** Variables that decide where files and secrets are. A service that did not have them would be another agent. */
const carried = ['HOLDFAST_DATA', 'HOLDFAST_SECRETS', 'XDG_CONFIG_HOME', 'XDG_DATA_HOME', 'XDG_STATE_HOME', 'XDG_CACHE_HOME'];

export function serviceProgram({ app = null, env, execPath, script }: Installation): ServiceProgram {
  const environment: Record<string, string> = Object.fromEntries(carried.flatMap((name) => (env[name] ? [[name, env[name]] as const] : [])));
  // A program that was replaced leaves it to the service manager to start it again; this says that there is one.
  environment['HOLDFAST_SERVICE'] = '1';
  if (script !== null) return { command: [execPath, script, 'agent'], environment, variant: 'headless' };
  // An AppImage runs from a mount that is gone with the process; the file itself is named in the environment.
  return { command: [env['APPIMAGE'] || execPath, ...(app === null ? [] : [app]), '--background'], environment, variant: 'graphical' };
}

/** Distinguishes the services of several data folders: empty for the usual one. @param override what HOLDFAST_DATA names, or null */
export function nameSuffix(override: string | null): string {
  return override === null ? '' : createHash('sha256').update(override).digest('hex').slice(0, 8);
}
