/** What a person ticked becomes what the engine is asked to write, and where. */
import { expect, test } from 'vitest';
import { restoreParts, whatText } from '../../../main/agent/restore/plan.js';

const into = (path: string) => ({ type: 'folder', path }) as const;
const roots = ['/home/anna/Documents', '/srv/www', '/databases/postgresql/localhost:5432/shop.dump'];

test('a folder receives what was ticked, without the folders that lead to it', () => {
  expect(restoreParts(['/home/anna/Documents/letters'], into('/tmp/x'), roots)).toEqual([{ folder: '/home/anna/Documents', include: ['/letters'], target: '/tmp/x' }]);
  expect(restoreParts(['/home/anna/Documents/a', '/home/anna/Documents/b/c', '/home/anna/Documents/b'], into('/tmp/x'), roots))
    .toEqual([{ folder: '/home/anna/Documents', include: ['/a', '/b'], target: '/tmp/x' }]);
  expect(restoreParts(['/home/anna/a', '/srv/b'], into('/tmp/x'), roots)).toEqual([{ folder: '/', include: ['/home/anna/a', '/srv/b'], target: '/tmp/x' }]);
  expect(restoreParts(['/'], into('/tmp/x'), roots)).toEqual([{ folder: '/', include: null, target: '/tmp/x' }]);
  expect(restoreParts(['/home/anna/[a]*?'], into('/tmp/x'), roots)).toEqual([{ folder: '/home/anna', include: ['/\\[a\\]\\*\\?'], target: '/tmp/x' }]);
});

test('what goes back is written from its own folder on, and only what was backed up', () => {
  const back = { type: 'original' } as const;
  expect(restoreParts(['/home/anna/Documents/a', '/home/anna/Documents/b', '/srv/www/c'], back, roots)).toEqual([
    { folder: '/home/anna/Documents', include: ['/a', '/b'], target: '/home/anna/Documents' }, { folder: '/srv/www', include: ['/c'], target: '/srv/www' },
  ]);
  // not /home itself, which may be a link by now; and no dump of a database
  expect(restoreParts(['/home'], back, roots)).toEqual([{ folder: '/home/anna', include: ['/Documents'], target: '/home/anna' }]);
  expect(restoreParts(['/'], back, roots)).toEqual([
    { folder: '/home/anna', include: ['/Documents'], target: '/home/anna' }, { folder: '/srv', include: ['/www'], target: '/srv' },
  ]);
  expect(() => restoreParts(['/databases/postgresql'], back, roots)).toThrow(/never a file on this disk/);
  expect(restoreParts(['/'], back, ['/'])).toEqual([{ folder: '/', include: null, target: '/' }]);
});

test('what is restored is said in words', () => {
  expect(whatText(['/a/letters'])).toBe('"letters"');
  expect(whatText(['/'])).toBe('everything');
  expect(whatText(['/a/b', '/a/c', '/a/b/d'])).toBe('2 files and folders');
});
