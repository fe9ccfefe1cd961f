/** The settings file through conf, for the command under plain Node. Loaded when something is written. */
import type { SettingsStore, SettingsStoreOptions } from './settings.js';

export const confStore = async (options: SettingsStoreOptions): Promise<SettingsStore> => {
  const { default: Conf } = await import('conf');
  return new Conf<Record<string, unknown>>(options);
};
