import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { databaseHost, parseWordpressConfig, type WordpressConfig } from '../../../main/backup/source/wordpress/wp-config.js';
import { HoldfastError } from '../../../main/shared/errors.js';

const file = '/srv/www/wp-config.php';
const parse = (text: string): WordpressConfig => parseWordpressConfig(text, file);
const usual = 'define("DB_NAME", "blog"); define("DB_USER", "wp"); define("DB_PASSWORD", "pw");';

describe('wp-config.php', () => {
  it('is read as WordPress\'s own sample writes it', () => {
    expect(parse(`<?php
/** define( 'DB_NAME', 'in_a_comment' ); */
// define( 'DB_NAME', 'in another' );
# define( 'DB_NAME', 'and another' );
define( 'DB_NAME', 'blog' );
define( 'DB_USER', 'wp' );
define( 'DB_PASSWORD', 'it\\'s \\\\ "secret" $x' );
define( 'DB_HOST', 'localhost:/run/mysqld/mysqld.sock' );
$table_prefix = 'wp7_';
if ( ! defined( 'ABSPATH' ) ) { define( 'ABSPATH', __DIR__ . '/' ); }
require_once ABSPATH . 'wp-settings.php';
`)).toEqual({ database: 'blog', user: 'wp', password: 'it\'s \\ "secret" $x', host: 'localhost:/run/mysqld/mysqld.sock', tablePrefix: 'wp7_', contentFolder: null });
  });

  it.each([
    ['double quotes and escapes', '<?php define("DB_NAME", "b\\x6cog"); define("DB_USER", "w\\u{70}"); define("DB_PASSWORD", "a\\$b\\n\\"\\101");', { database: 'blog', user: 'wp', password: 'a$b\n"A' }],
    ['constants by const, and joined values', '<?php const DB_NAME = \'bl\' . \'og\'; $who = "wp"; define(\'DB_USER\', $who); define(\'DB_PASSWORD\', (\'p\' . \'w\'));', { database: 'blog', user: 'wp', password: 'pw' }],
    ['a folder of its own for the content', `<?php ${usual} define('WP_CONTENT_DIR', dirname(__FILE__) . '/content');`, { contentFolder: '/srv/www/content' }],
    ['the content beside ABSPATH', `<?php ${usual} define('WP_CONTENT_DIR', ABSPATH . 'c');`, { contentFolder: '/srv/www/c' }],
    ['upper case and text around PHP', `<!-- define('DB_NAME','x') --> <?PHP DEFINE('DB_NAME', 'blog'); ?> define('DB_NAME', 'y'); <?php define('DB_USER','wp'); define('DB_PASSWORD','')`, { database: 'blog', password: '' }],
    ['a string that looks like the end or a comment', `<?php ${usual.replace('"pw"', '"?> // # /* \'"')} define('DB_HOST', 'db');`, { password: '?> // # /* \'', host: 'db' }],
  ])('knows %s', (_, text, expected) => {
    expect(parse(text)).toMatchObject(expected);
  });

  it.each([
    ['getenv', '<?php define("DB_NAME", getenv("DB")); define("DB_USER", "u"); define("DB_PASSWORD", "p");', 'computes the constant DB_NAME'],
    ['a variable inside a text', '<?php $a = "x"; define("DB_NAME", "b_$a"); define("DB_USER", "u"); define("DB_PASSWORD", "p");', 'computes the constant DB_NAME'],
    ['two values', `<?php ${usual} if (x()) { define('DB_NAME', 'other'); }`, 'different values'],
    ['nothing', '<?php include "secrets.php";', 'does not define DB_NAME'],
    ['a heredoc', '<?php define("DB_NAME", <<<X\nblog\nX);', 'heredoc'],
    ['a text without an end', '<?php define("DB_NAME", "blog', 'does not end'],
    ['no PHP at all', 'DB_NAME=blog', 'does not define DB_NAME'],
  ])('says so where it holds %s', (_, text, sentence) => {
    expect(() => parse(text)).toThrow(HoldfastError);
    expect(() => parse(text)).toThrow(sentence);
  });

  it('never quotes a password in its sentences', () => {
    for (const text of ['<?php define("DB_PASSWORD", "geheim" . f()); define("DB_NAME", "x"); define("DB_USER", "u");', '<?php define("DB_PASSWORD", "geheim']) {
      expect(() => parse(text)).toThrow(expect.objectContaining({ message: expect.not.stringContaining('geheim') }));
    }
  });

  it('gives back every name and password that PHP itself would, however odd', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'grapheme' }), (database, password) => {
      const single = (text: string): string => `'${text.replace(/[\\']/g, '\\$&')}'`;
      const double = (text: string): string => `"${text.replace(/[\\"$]/g, '\\$&')}"`;
      expect(parse(`<?php define('DB_NAME', ${single(database)}); define("DB_USER", ${double(database)}); define('DB_PASSWORD', ${double(password)});`)).toMatchObject({ database, user: database, password });
    }), { numRuns: 100 });
  });

  it('ends with a result or one sentence for any text, and in time', () => {
    const piece = fc.oneof(fc.constantFrom('<?php ', '?>', 'define(', '"DB_NAME"', '\'DB_USER\'', ',', ')', ';', '"', '\'', '\\', '/*', '*/', '//', '#', '\n', '$x', '=', '.', '(', 'const ', '<<<', '{$', '${', '[', '__DIR__', 'dirname(__FILE__)'), fc.string({ unit: 'binary', maxLength: 8 }));
    fc.assert(fc.property(fc.array(piece, { maxLength: 60 }), (pieces) => {
      try {
        parse(pieces.join(''));
      } catch (error) {
        expect(error).toBeInstanceOf(HoldfastError);
        expect(error).toMatchObject({ code: 'source-failed', message: expect.stringMatching(/^[^\n]+$/) });
      }
    }), { numRuns: 1000 });
    for (const evil of ['<?php ' + '('.repeat(100_000), `<?php define('A', ${'"a".'.repeat(50_000)}`, `<?php "${'\\'.repeat(200_000)}`, `<?php ${'/*'.repeat(50_000)}`, '<?php '.repeat(20_000)]) {
      expect(() => parse(evil)).toThrow(HoldfastError);
    }
  });
});

it.each([
  ['db', { host: 'db' }], ['db:3307', { host: 'db', port: 3307 }], ['localhost:/run/s.sock', { host: '/run/s.sock' }], [':/run/s.sock', { host: '/run/s.sock' }],
  ['[::1]:3306', { host: '::1', port: 3306 }], ['', { host: 'localhost' }],
])('a DB_HOST %j', (text, expected) => {
  expect(databaseHost(text)).toEqual(expected);
});
