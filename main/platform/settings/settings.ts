/**
 * The settings file behind one port. The app opens it through electron-store, the command through conf: one format, because
 * electron-store is conf. Neither is imported here, so that this room runs with and without Electron.
 */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';
import type { Document } from '../../agent/ports.js';
import { agentSettingsSchema, type AgentSettings } from '../../agent/settings.js';
import { HoldfastError } from '../../shared/errors.js';
import { parseJson } from '../files/document.js';
import { fileError, systemCode } from '../files/errors.js';
import { settingsSchema, type SettingsData } from './schema.js';

export interface Settings {
  /** What the file held when it was last read or written. */
  read(): SettingsData;
  /** Changes some fields and writes the file. @throws HoldfastError; nothing is changed then. */
  update(change: Partial<SettingsData>): Promise<void>;
}

/** What conf and electron-store have in common. `store` reads the file, assigning it replaces the file. */
export interface SettingsStore {
  store: Record<string, unknown>;
}

/** Where the file is, in the words of conf (`configName`) and electron-store (`name`). Pass all of it to either. */
export interface SettingsStoreOptions {
  readonly cwd: string;
  readonly name: string;
  readonly configName: string;
  readonly fileExtension: 'json';
  readonly configFileMode: number;
  readonly clearInvalidConfig: false;
  readonly accessPropertiesByDotNotation: false;
}

/**
 * @param createStore e.g. `async (options) => new Conf(options)`; called before the first change, so that an agent which changes
 *   nothing does not hold it in memory.
 * @throws HoldfastError `settings-invalid` when the file is not JSON or does not fit. It is never overwritten then.
 */
export function openSettings(file: string, createStore: (options: SettingsStoreOptions) => Promise<SettingsStore>): Settings {
  let value = check(file, readRaw(file));
  const name = path.basename(file, '.json');
  let opened: Promise<SettingsStore> | null = null;
  const open = (): Promise<SettingsStore> => (opened ??= createStore({
    cwd: path.dirname(file), name, configName: name, fileExtension: 'json', configFileMode: 0o600, clearInvalidConfig: false, accessPropertiesByDotNotation: false,
  }));
  return {
    read: () => value,
    update: async (change) => {
      check(file, readRaw(file)); // before a store reads it
      const store = await open();
      // From the file, not from memory: another program may have written, and a newer version may know more fields.
      const raw = readRaw(file);
      const next = check(file, { ...raw, ...change });
      try {
        store.store = { ...raw, ...next };
      } catch (cause) {
        throw fileError(`write ${file}`, cause);
      }
      value = next;
    },
  };
}

/** The part that the agent core reads and writes. */
export function agentSettings(settings: Settings): Document<AgentSettings> {
  return {
    read: () => settings.read(),
    write: async (value) => settings.update(agentSettingsSchema.parse(value)),
  };
}

const anyObject = z.record(z.string(), z.unknown());
const remedy = 'Correct it, or move it away to begin with new settings. Nothing was changed';

function readRaw(file: string): Record<string, unknown> {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (cause) {
    if (systemCode(cause) === 'ENOENT') return {};
    throw fileError(`read ${file}`, cause);
  }
  return parseJson(text, anyObject, (why) => `The settings file ${file} ${why}. ${remedy}.`);
}

function check(file: string, raw: Record<string, unknown>): SettingsData {
  const parsed = settingsSchema.safeParse(raw);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  throw new HoldfastError('settings-invalid', `The settings file ${file} does not fit at "${issue?.path.join('.') ?? ''}": ${issue?.message ?? 'unknown'}. ${remedy}.`, { cause: parsed.error });
}
