/** A WordPress site: its files and its database, whose place and password are in its own settings. */
import { readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { HoldfastError } from '../../../shared/errors.js';
import { mysqlSource, type WordpressSource } from '../../../shared/sources.js';
import { patternsBelow, realFolder, withLinked } from '../folders.js';
import { openMysql } from '../mysql/mysql.js';
import type { Host } from '../process/host.js';
import type { OpenedSource, SourcePorts } from '../source.js';
import { databaseHost, parseWordpressConfig, type WordpressConfig } from './wp-config.js';

/** More is no settings file. */
const mostSettings = 1024 * 1024;

const isFile = (file: string): Promise<boolean> => stat(file).then((found) => found.isFile(), () => false);

/**
 * Where WordPress looks (wp-load.php): beside itself, or one folder above, where that is not another WordPress.
 * @returns null where there is none
 */
export async function findWordpressConfig(folder: string): Promise<string | null> {
  const own = path.join(folder, 'wp-config.php');
  if (await isFile(own)) return own;
  const parent = path.dirname(folder);
  const above = path.join(parent, 'wp-config.php');
  return await isFile(above) && !(await isFile(path.join(parent, 'wp-settings.php'))) ? above : null;
}

/** @throws HoldfastError where it cannot be read, or what is needed is not written in it. */
export async function readWordpressConfig(file: string): Promise<WordpressConfig> {
  const { size } = await stat(file);
  if (size > mostSettings) throw new HoldfastError('source-failed', `${file} is too large for the settings of a WordPress site. Check the folder.`);
  const text = await readFile(file, 'utf8').catch((cause: unknown) => {
    throw new HoldfastError('permission-denied', `You may not read ${file}, which says where the site's database is. Correct its permissions.`, { cause });
  });
  return parseWordpressConfig(text, file);
}

/** @throws HoldfastError where there is no site, its settings do not tell its database, or that cannot be dumped. */
export async function openWordpress(source: WordpressSource, host: Host, ports: SourcePorts): Promise<OpenedSource> {
  const folder = await realFolder(source.folder, 'WordPress site');
  const file = await findWordpressConfig(folder);
  if (file === null) throw new HoldfastError('source-missing', `There is no wp-config.php in ${folder}. Name the folder of the WordPress site.`);
  const config = await readWordpressConfig(file);
  const place = source.container === undefined ? databaseHost(config.host) : { host: 'localhost' };
  const database = await openMysql(
    mysqlSource.parse({ type: 'mysql', ...place, user: config.user === '' ? undefined : config.user, container: source.container, databases: [config.database] }),
    host, ports, { password: config.password, site: { title: `The WordPress site in ${folder}`, table: `${config.tablePrefix}options` } },
  );
  const content = config.contentFolder ?? path.join(folder, 'wp-content');
  return {
    streams: database.streams,
    folders: await withLinked(folder, [file, content, ...['uploads', 'plugins', 'themes'].map((name) => path.join(content, name))]),
    excludes: patternsBelow(folder, source.excludes),
    close: () => database.close(),
  };
}
