/** The settings file through conf, for the command under plain Node. */
import Conf from 'conf';
import type { SettingsStore, SettingsStoreOptions } from './settings.js';

export const confStore = (options: SettingsStoreOptions): SettingsStore => new Conf<Record<string, unknown>>(options);
