import { describe, expect, it } from 'vitest';
import { parseSourceAddress, sourceAddress } from '../../../main/shared/source-address.js';
import { passwordTarget, sourceText, type DatabaseSource } from '../../../main/shared/sources.js';

describe('a source as one word', () => {
  it.each<[string, Partial<DatabaseSource>]>([
    ['postgresql://anna@localhost:5432/shop,blog', { type: 'postgresql', host: 'localhost', port: 5432, user: 'anna', databases: ['shop', 'blog'] }],
    ['postgres://localhost', { type: 'postgresql', host: 'localhost' }],
    ['postgresql://localhost:5433?host=/run/postgresql', { type: 'postgresql', host: '/run/postgresql', port: 5433 }],
    ['mysql://root@?container=db-1', { type: 'mysql', user: 'root', container: 'db-1' }],
    ['mariadb://[::1]:3307/a%2Cb?tls=verify&exclude-tables=a.b,a.c', { type: 'mysql', host: '::1', port: 3307, databases: ['a,b'], tls: 'verify', excludeTables: ['a.b', 'a.c'] }],
    ['mongodb://u@db/x?authentication-database=admin', { type: 'mongodb', host: 'db', user: 'u', database: 'x', authenticationDatabase: 'admin' }],
    ['redis://localhost:6379', { type: 'redis', port: 6379 }],
    ['sqlite:/srv/a b?c.db', { type: 'sqlite', path: '/srv/a b?c.db' }],
    ['wordpress:/srv/www?container=db', { type: 'wordpress', folder: '/srv/www', container: 'db' }],
    ['laravel:/srv/app', { type: 'laravel', folder: '/srv/app' }],
  ])('%s', (text, expected) => {
    const source = parseSourceAddress(text);
    expect(source).toMatchObject(expected);
    expect(parseSourceAddress(sourceAddress(source))).toEqual(source);
  });

  it.each([
    ['postgresql://anna:geheim@localhost', 'A password does not belong in a source'], ['oracle://x', 'is no source'], ['/srv/www', 'is no source'], ['postgresql://localhost?nonsense=1', 'has no setting "nonsense"'],
    ['sqlite:relative.db', 'a path must be absolute'], ['postgresql://x?tls=maybe', 'is not complete'], ['mysql://%zz@', 'Write a percent sign as %25'],
  ])('%s is refused in one sentence', (text, sentence) => {
    expect(() => parseSourceAddress(text)).toThrow(sentence);
    expect(() => parseSourceAddress(text)).toThrow(expect.objectContaining({ message: expect.not.stringContaining('geheim') }));
  });

  it('a password belongs to one user of one server', () => {
    const targets = ['postgresql://anna@localhost:5432/shop', 'postgresql://anna@localhost', 'postgresql://anna@127.0.0.1', 'postgresql://localhost', 'mysql://anna@localhost', 'postgresql://anna@?container=db'].map(parseSourceAddress)
      .map((source) => ('tls' in source ? passwordTarget(source) : ''));
    expect(new Set(targets).size).toBe(5);
    expect(targets[0]).toBe(targets[1]);
    expect(sourceText(parseSourceAddress('postgresql://anna@localhost/shop'))).toBe('PostgreSQL at localhost:5432 (shop)');
  });
});
