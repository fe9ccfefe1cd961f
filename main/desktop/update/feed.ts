/** Where new versions come from: electron-updater, which checks what it loads against the checksum of the feed, and on macOS the signature. */
import { createHash, X509Certificate } from 'node:crypto';
import electronUpdater from 'electron-updater';
import { writeFileAtomic } from '../../platform/files/atomic.js';
import { HoldfastError } from '../../shared/errors.js';
import type { UpdateSource } from './source.js';

export interface UpdateFeed {
  /** @returns the version on offer if it is newer than this one, else null. @throws HoldfastError `hub-unreachable`. */
  newer(source: UpdateSource): Promise<string | null>;
  /** Loads what `newer` found. @returns the verified file. @throws HoldfastError `hub-unreachable`. */
  load(): Promise<string>;
  /** macOS: replaces the app by what was loaded and starts it. Agent and hub must have ended. */
  replaceAndStart(): void;
}

/**
 * @param configFile electron-updater reads a configuration that packages usually bring; ours is written here, because where a
 * new version comes from is known only when the app runs
 */
export function electronUpdateFeed(configFile: string): UpdateFeed {
  const { autoUpdater } = electronUpdater;
  autoUpdater.forceDevUpdateConfig = true; // whether there is something to replace was decided before: see package.ts
  autoUpdater.autoDownload = false;
  autoUpdater.autoInstallOnAppQuit = false; // when, is decided by what runs here
  autoUpdater.disableWebInstaller = true;
  autoUpdater.logger = null; // what matters comes as a result or an error
  // Without a listener, Node would take the error for one that nobody caught; the promises below carry it.
  autoUpdater.on('error', () => undefined);
  const asSentence = (cause: unknown, what: string): HoldfastError => {
    const line = (cause instanceof Error ? cause.message : String(cause)).split('\n', 1)[0] ?? '';
    return new HoldfastError('hub-unreachable', `${what}: ${line.slice(0, 200)}. It is tried again later.`, { cause, retryable: true });
  };
  return {
    newer: async ({ fingerprint, url }) => {
      const { host } = new URL(url);
      autoUpdater.netSession.setCertificateVerifyProc(fingerprint === null ? null : ({ certificate, hostname }, answer) => {
        if (hostname !== host.replace(/:\d+$/, '').replace(/^\[|\]$/g, '')) answer(-3); // as Chromium would
        else answer(fingerprintOf(certificate.data) === fingerprint ? 0 : -2);
      });
      try {
        await writeFileAtomic(configFile, JSON.stringify({ provider: 'generic', url, updaterCacheDirName: 'holdfast-updater' }));
        autoUpdater.updateConfigPath = configFile;
        autoUpdater.setFeedURL({ provider: 'generic', url, useMultipleRangeRequest: false });
        const found = await autoUpdater.checkForUpdates();
        return found?.isUpdateAvailable === true ? found.updateInfo.version : null;
      } catch (cause) {
        throw asSentence(cause, `It could not be seen at ${url} whether there is a new version`);
      }
    },
    load: async () => {
      try {
        const [file] = await autoUpdater.downloadUpdate();
        if (file === undefined) throw new Error('nothing was loaded');
        return file;
      } catch (cause) {
        throw asSentence(cause, 'The new version could not be loaded');
      }
    },
    replaceAndStart: () => autoUpdater.quitAndInstall(true, true),
  };
}

const fingerprintOf = (pem: string): string => createHash('sha256').update(new X509Certificate(pem).raw).digest('hex');
