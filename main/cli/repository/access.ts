/** Which repository, and its password: from options, the environment, the keychain, or a question. */
import { readFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { HoldfastError } from '../../shared/errors.js';
import { parseSettings } from '../../backup/destination/settings.js';
import type { RepositoryAccess } from '../../backup/types.js';
import type { Cli, GlobalOptions } from '../cli.js';
import { askPassword, canAsk } from '../terminal/prompt.js';

const kibibyte = 1024;

/** @throws HoldfastError `usage` when no repository is named. */
export function repositoryUrl(cli: Cli, options: GlobalOptions): string {
  const url = options.repo ?? (cli.env['HOLDFAST_REPOSITORY'] || cli.env['RESTIC_REPOSITORY']);
  if (!url) throw new HoldfastError('usage', 'No repository is named. Give one with --repo, or set HOLDFAST_REPOSITORY.');
  return url;
}

/** @param fresh asks twice where it asks: the password of a repository that is being made. */
export async function repositoryAccess(cli: Cli, options: GlobalOptions, fresh = false): Promise<RepositoryAccess> {
  const url = repositoryUrl(cli, options);
  const password = await givenPassword(cli, options) ?? await knownPassword(cli, url) ?? await askedPassword(cli, url, fresh);
  return {
    url, password, cacheFolder: options.cache ? await cacheFolder(cli) : false,
    ...(options.settings === undefined ? {} : { backend: await settingsFromFile(options.settings) }),
    ...(options.limitUpload ? { limitUpload: options.limitUpload * kibibyte } : {}),
    ...(options.limitDownload ? { limitDownload: options.limitDownload * kibibyte } : {}),
  };
}

/** A file, because some settings are keys, and everybody on a computer can read command lines. @throws HoldfastError `usage`, `not-found`. */
export async function settingsFromFile(file: string): Promise<Record<string, string>> {
  const text = await readFile(file, 'utf8').catch((cause: unknown) => {
    throw new HoldfastError('not-found', `The file ${file} cannot be read. Check its name and permissions.`, { cause });
  });
  return parseSettings(text);
}

/** From --password-file or the environment; null when neither has one. @throws HoldfastError `password-missing` for a file that cannot be read or is empty. */
export async function givenPassword(cli: Cli, options: Pick<GlobalOptions, 'passwordFile'>): Promise<string | null> {
  if (options.passwordFile !== undefined) return passwordFromFile(options.passwordFile);
  const fromEnvironment = cli.env['HOLDFAST_PASSWORD'] || cli.env['RESTIC_PASSWORD'];
  if (fromEnvironment) return fromEnvironment;
  const file = cli.env['HOLDFAST_PASSWORD_FILE'] || cli.env['RESTIC_PASSWORD_FILE'];
  return file ? passwordFromFile(file) : null;
}

/** White space around it does not count, as with restic. */
export async function passwordFromFile(file: string): Promise<string> {
  let password: string;
  try {
    password = (await readFile(file, 'utf8')).trim();
  } catch (cause) {
    throw new HoldfastError('password-missing', `The password file ${file} cannot be read. Check its name and permissions.`, { cause });
  }
  if (password === '') throw new HoldfastError('password-missing', `The password file ${file} is empty.`);
  return password;
}

/** @param url what the question names. @throws HoldfastError `password-missing` where nobody can be asked. */
export async function askedPassword(cli: Cli, url: string, fresh: boolean): Promise<string> {
  if (!canAsk(cli)) {
    throw new HoldfastError('password-missing', 'The password of the repository is missing. Give --password-file, or set HOLDFAST_PASSWORD.');
  }
  const password = await askPassword(cli, fresh ? `New password for ${url}: ` : `Password for ${url}: `);
  if (password === '') throw new HoldfastError('password-missing', 'An empty password protects nothing. Choose one.');
  if (fresh && (await askPassword(cli, 'Once more: ')) !== password) throw new HoldfastError('usage', 'The two passwords differ. Try again.');
  return password;
}

/** The password that this computer's agent keeps for a job into that repository. Nothing is made or changed by looking. */
async function knownPassword(cli: Cli, url: string): Promise<string | null> {
  const { openPlaces } = await import('../places.js');
  const { jobs, secrets } = await openPlaces(cli);
  const same = (other: string): boolean => other === url || path.resolve(other) === path.resolve(url.replace(/^local:/, ''));
  const destination = jobs.find((job) => same(job.destination.url))?.destination;
  if (destination === undefined) return null;
  return (await secrets())?.get(`repository:${destination.id}`) ?? null;
}

async function cacheFolder(cli: Cli): Promise<string> {
  const { findPaths } = await import('../../platform/paths/paths.js');
  return path.join(findPaths({ env: cli.env, platform: cli.process.platform, home: os.homedir() }).cacheFolder, 'repositories');
}
