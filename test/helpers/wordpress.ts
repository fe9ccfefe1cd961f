/** A WordPress of Debian's package with its own settings, served by PHP and installed by its own installer. */
import { cpSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { freePort } from './ports.js';
import { start, type Running } from './processes.js';
import { until } from './until.js';

const packaged = '/usr/share/wordpress';

export interface WordpressDatabase {
  readonly host: string;
  readonly port: number;
  readonly name: string;
  readonly user: string;
  readonly password: string;
}

const quoted = (text: string): string => `'${text.replace(/[\\']/g, '\\$&')}'`;

/** Unpacks it and writes its settings. @param folder must not exist yet */
export function makeWordpress(folder: string, database: WordpressDatabase): void {
  if (!existsSync(packaged)) throw new Error('This test needs WordPress: apt-get install wordpress php-cli php-mysql');
  cpSync(packaged, folder, { recursive: true, dereference: true });
  writeFileSync(path.join(folder, 'wp-config.php'), wordpressSettings(database), { mode: 0o600 });
  // Debian's package has no theme in it; this one prints the title and the posts
  const theme = path.join(folder, 'wp-content', 'themes', 'plain');
  mkdirSync(theme, { recursive: true });
  writeFileSync(path.join(theme, 'style.css'), '/*\nTheme Name: Plain\n*/\n');
  writeFileSync(path.join(theme, 'index.php'), '<!doctype html><title><?php bloginfo("name"); ?></title><?php while (have_posts()) { the_post(); the_title("<h2>", "</h2>"); the_content(); }');
}

export const wordpressSettings = ({ host, name, password, port, user }: WordpressDatabase): string => `<?php
/* define('DB_NAME', 'an old one'); */
define( 'DB_NAME', ${quoted(name)} );
define("DB_USER", ${JSON.stringify(user)});
define('DB_PASSWORD', ${quoted(password)}); // geheim
define( 'DB_HOST', '${host}' . ':' . ${port} );
define('DB_CHARSET', 'utf8mb4'); define('DB_COLLATE', '');
define('WP_DEFAULT_THEME', 'plain'); define('DISABLE_WP_CRON', true); define('AUTOMATIC_UPDATER_DISABLED', true); define('WP_HTTP_BLOCK_EXTERNAL', true);
# the address differs from test to test
if (isset($_SERVER['HTTP_HOST'])) { define('WP_HOME', 'http://' . $_SERVER['HTTP_HOST']); define('WP_SITEURL', WP_HOME); }
$table_prefix = 'hf_';
if (!defined('ABSPATH')) define('ABSPATH', __DIR__ . '/');
require_once ABSPATH . 'wp-settings.php';
`;

export interface Site {
  readonly url: string;
  page(at: string): Promise<{ status: number; text: string }>;
  readonly server: Running;
}

/** Serves a folder with PHP's own server until the test ends. */
export async function serveWordpress(folder: string): Promise<Site> {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const server = start('php', ['-S', `127.0.0.1:${port}`, '-t', folder], { cwd: folder });
  const page = async (at: string): Promise<{ status: number; text: string }> => {
    const answer = await fetch(`${url}${at}`, { redirect: 'manual' });
    return { status: answer.status, text: await answer.text() };
  };
  await until('PHP answers', () => fetch(`${url}/readme.html`).then(() => true, () => false));
  return { url, page, server };
}

/** Runs WordPress's own installer through its form. */
export async function installWordpress(site: Site, title: string): Promise<void> {
  const answer = await fetch(`${site.url}/wp-admin/install.php?step=2`, {
    method: 'POST',
    body: new URLSearchParams({ weblog_title: title, user_name: 'anna', admin_password: 'geheim-2-site', admin_password2: 'geheim-2-site', pw_weak: '1', admin_email: 'anna@example.org', blog_public: '0' }),
  });
  const text = await answer.text();
  if (!text.includes('Success')) throw new Error(`The installer said: ${text.replace(/<[^>]*>/g, ' ').slice(0, 500)}`);
}
