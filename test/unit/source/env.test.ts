import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { envValue, parseEnv } from '../../../main/backup/source/laravel/env.js';
import { defaultConnection, laravelDatabase, type LaravelDatabase } from '../../../main/backup/source/laravel/laravel.js';
import { HoldfastError } from '../../../main/shared/errors.js';

const parse = (text: string): Record<string, string> => Object.fromEntries(parseEnv(text, '/srv/app/.env'));

describe('.env', () => {
  it.each([
    ['A=1\nB = two \nexport C=3', { A: '1', B: 'two', C: '3' }],
    ['# a comment\n\nA=x # another\nB=x#more', { A: 'x', B: 'x' }],
    ['A="two words # and no comment" # one', { A: 'two words # and no comment' }],
    ['A=\'${B} "as it is" \\\' \\\\\'', { A: '${B} "as it is" \' \\' }],
    ['A="\\"x\\" \\n \\$B \\\\"', { A: '"x" \n $B \\' }],
    ['HOST=db\nURL="http://${HOST}/${NOT_SET}"\nPLAIN=${HOST}', { HOST: 'db', URL: 'http://db/${NOT_SET}', PLAIN: 'db' }],
    ['A=old\nB="${A}"\nA=new', { A: 'new', B: 'old' }],
    ['A="one\ntwo"\nB=x', { A: 'one\ntwo', B: 'x' }],
    ['\ufeffA=1\r\nB=\r\nC', { A: '1', B: '' }],
    ['A="\\${B}"\nB=x', { A: '${B}', B: 'x' }],
    ['APP_KEY=base64:abc/def==', { APP_KEY: 'base64:abc/def==' }],
  ])('%j', (text, expected) => {
    expect(parse(text)).toEqual(expected);
  });

  it.each([
    ['A=two words', 'line 1 has more than one word'], ['\nA="x', 'line 2 has a quote that does not end'], ['A="\\q"', 'unknown escape'],
    ['A B', 'line 1 has no = after its name'], ['=x', 'does not begin with a name'],
  ])('%j is refused as Laravel refuses it', (text, sentence) => {
    expect(() => parse(text)).toThrow(sentence);
  });

  it('never quotes a value in its sentences', () => {
    expect(() => parse('DB_PASSWORD=geheim mit mehr')).toThrow(expect.objectContaining({ message: expect.not.stringContaining('geheim') }));
  });

  it('null and empty have a meaning', () => {
    const values = parseEnv('A=null\nB=(empty)\nC=NULL\nD=x', '/.env');
    expect(['A', 'B', 'C', 'D', 'E'].map((name) => envValue(values, name))).toEqual([undefined, '', undefined, 'x', undefined]);
  });

  it('gives back every value that was quoted for it', () => {
    const text = fc.string({ unit: 'binary' }).map((each) => each.replace(/[\0\r]/g, ''));
    fc.assert(fc.property(text, text, (one, two) => {
      const quoted = (value: string): string => `"${value.replace(/[\\"$]/g, '\\$&')}"`;
      expect(parse(`A=${quoted(one)}\nB='${two.replace(/[\\']/g, '\\$&')}' # end\n`)).toEqual({ A: one, B: two });
    }), { numRuns: 100 });
  });

  it('ends with a result or one sentence for any text', () => {
    const piece = fc.oneof(fc.constantFrom('A', 'DB_HOST', '=', '"', '\'', '\\', '#', '\n', ' ', '${', '}', '$', 'export ', '\0'), fc.string({ unit: 'binary', maxLength: 6 }));
    fc.assert(fc.property(fc.array(piece, { maxLength: 50 }), (pieces) => {
      try {
        parse(pieces.join(''));
      } catch (error) {
        expect(error).toBeInstanceOf(HoldfastError);
        expect(error).toMatchObject({ message: expect.stringMatching(/^[^\n]+$/) });
      }
    }), { numRuns: 1000 });
    expect(() => parse(`A="${'\\'.repeat(100_001)}`)).toThrow(HoldfastError);
    expect(parse(`A=${'${A}'.repeat(50_000)}`)['A']).toHaveLength(200_000);
  });
});

describe('the database of a Laravel application', () => {
  const of = (text: string, more: { fallback?: string | null; container?: string } = {}): LaravelDatabase =>
    laravelDatabase(parseEnv(text, '/srv/app/.env'), { folder: '/srv/app', file: '/srv/app/.env', fallback: null, ...more });

  it.each([
    ['DB_CONNECTION=pgsql\nDB_HOST=db\nDB_PORT=5433\nDB_DATABASE=shop\nDB_USERNAME=anna\nDB_PASSWORD="a b"', { type: 'server', password: 'a b', source: { type: 'postgresql', host: 'db', port: 5433, user: 'anna', databases: ['shop'] } }],
    ['DB_CONNECTION=mariadb\nDB_DATABASE=shop\nDB_PASSWORD=null', { type: 'server', password: undefined, source: { type: 'mysql', host: '127.0.0.1', databases: ['shop'] } }],
    ['DB_CONNECTION=mysql\nDB_SOCKET=/run/s.sock\nDB_HOST=127.0.0.1\nDB_DATABASE=shop', { type: 'server', source: { host: '/run/s.sock' } }],
    ['DB_URL=mysql://u%40x:p%3Aw@db:3307/shop\nDB_CONNECTION=sqlite', { type: 'server', password: 'p:w', source: { type: 'mysql', host: 'db', port: 3307, user: 'u@x', databases: ['shop'] } }],
    ['DB_CONNECTION=sqlite', { type: 'sqlite', path: '/srv/app/database/database.sqlite' }],
    ['DB_CONNECTION=sqlite\nDB_DATABASE=/var/db/app.sqlite', { type: 'sqlite', path: '/var/db/app.sqlite' }],
    ['DB_CONNECTION=sqlite\nDB_DATABASE=:memory:', { type: 'none' }],
  ])('%j', (text, expected) => {
    expect(of(text)).toMatchObject(expected);
  });

  it('in a container is reached by the container, and by the name of config/database.php where .env names no driver', () => {
    expect(of('DB_HOST=mysql\nDB_PORT=3306\nDB_DATABASE=shop', { fallback: 'mysql', container: 'app-mysql-1' })).toMatchObject({ source: { container: 'app-mysql-1', host: 'localhost', databases: ['shop'] } });
    expect(defaultConnection('<?php return [ /* \'default\' => env("DB_CONNECTION", "x") */ \'default\' => env(\'DB_CONNECTION\', \'sqlite\'), \'connections\' => []];', 'f')).toBe('sqlite');
    expect(defaultConnection('<?php return [\'default\' => $x];', 'f')).toBeNull();
  });

  it.each([
    ['DB_DATABASE=x', 'Write DB_CONNECTION into it'], ['DB_CONNECTION=sqlsrv\nDB_DATABASE=x', 'uses the connection "sqlsrv"'], ['DB_CONNECTION=mysql', 'Write DB_DATABASE into it'],
    ['DB_URL="not an address"', 'is not an address'], ['DB_CONNECTION=mysql\nDB_DATABASE=x\nDB_HOST=-x', 'Correct DB_HOST'], ['DB_CONNECTION=mysql\nDB_DATABASE=x\nDB_PORT=many', 'Correct DB_HOST and DB_PORT'],
  ])('%j is one sentence', (text, sentence) => {
    expect(() => of(text)).toThrow(sentence);
  });
});
