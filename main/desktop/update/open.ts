/** Updates with this app's own ports. */
import net from 'node:net';
import path from 'node:path';
import { app } from 'electron';
import { systemClock } from '../../platform/clock.js';
import { openDocument } from '../../platform/files/document.js';
import type { Paths } from '../../platform/paths/paths.js';
import { startMeAgain, watchProgram } from '../../platform/service/replaced.js';
import { electronUpdateFeed } from './feed.js';
import { Former, replace } from './former.js';
import { ownPackage } from './package.js';
import { updateRecordSchema } from './trial.js';
import { Updates } from './updates.js';

const connectLimit = 5000; // ms

/** @returns null where this installation does not replace itself */
export async function openUpdates({ paths, version }: { readonly paths: Paths; readonly version: string }): Promise<Updates | null> {
  const own = ownPackage({ env: process.env, execPath: process.execPath, platform: process.platform });
  if (own === null) return null;
  return new Updates({
    version, own, replace,
    clock: systemClock,
    record: await openDocument({
      file: path.join(paths.dataFolder, 'update.json'), schema: updateRecordSchema, initial: updateRecordSchema.parse({}),
      remedy: 'Remove it; the next update is then installed as usual.',
    }),
    feed: electronUpdateFeed(path.join(paths.dataFolder, 'update-feed.json')),
    former: new Former({
      folder: path.join(paths.dataFolder, 'before-update'),
      dataFiles: [paths.settingsFile, paths.jobsFile, paths.policyFile, path.join(paths.hubFolder, 'hub.sqlite')],
    }),
    restart: (windowOpen) => restart(windowOpen, own.kind === 'appimage' ? own.path : null),
  });
}

/** Leaves this process and starts what is in its place now. @param execPath where that is another file than this process was started from */
function restart(windowOpen: boolean, execPath: string | null): void {
  if (process.env['HOLDFAST_SERVICE'] === '1') return app.exit(startMeAgain);
  app.relaunch({ ...(execPath === null ? {} : { execPath }), args: windowOpen ? [] : ['--background'] });
  app.exit(0);
}

/** Where others replace this installation (a package manager, its owner): starts the other version when that cuts nothing off. */
export async function followReplacement({ busy, close, log }: { busy(): boolean; close(): Promise<void>; log(message: string): void }): Promise<() => void> {
  if (!app.isPackaged) return () => undefined;
  return watchProgram({
    file: process.execPath, clock: systemClock,
    busy: () => Promise.resolve(busy()),
    leave: () => {
      log('Another version was installed in the place of this one and starts now');
      close().catch((error: unknown) => log(String(error))).finally(() => restart(false, null));
    },
  });
}

/** Whether anything listens where the hub should be. */
export function answers(hub: string | null): Promise<boolean> {
  if (hub === null) return Promise.resolve(false);
  const { hostname, port } = new URL(hub);
  return new Promise((resolve) => {
    const socket = net.connect({ host: hostname.replace(/^\[|\]$/g, ''), port: Number(port || 443), timeout: connectLimit });
    const end = (there: boolean) => (): void => {
      socket.destroy();
      resolve(there);
    };
    socket.once('connect', end(true)).once('error', end(false)).once('timeout', end(false));
  });
}
