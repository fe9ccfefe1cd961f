/** Lists of what to back up, against what restic makes of the same list. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { listedPaths, type FilesFrom } from '../../../main/cli/repository/files-from.js';
import { tempFolder } from '../../helpers/temp.js';

function place(): { folder: string; lists: string } {
  const lists = tempFolder();
  const folder = path.join(lists, 'work');
  for (const name of ['a.txt', 'b.txt', '.hidden', 'sub/x1', 'sub/x2', 'other/x3', 'q[1]', '# not a comment', ' spaced ']) {
    mkdirSync(path.dirname(path.join(folder, name)), { recursive: true });
    writeFileSync(path.join(folder, name), name);
  }
  symlinkSync('nowhere', path.join(folder, 'dangling'));
  return { folder, lists };
}

const read = (workingFolder: string, lists: FilesFrom, stdin = ''): Promise<string[]> => listedPaths(lists, { workingFolder, stdin: () => Promise.resolve(Buffer.from(stdin)), warn: () => undefined });

/** The names below the working folder that restic saves with this option. */
function asRestic(folder: string, option: string, list: string, at: string): string[] {
  const env = { ...process.env, RESTIC_PASSWORD: 'x' };
  const repo = path.join(at, 'repo');
  execFileSync('restic', ['-q', '-r', repo, '--no-cache', 'init'], { env });
  execFileSync('restic', ['-q', '-r', repo, '--no-cache', 'backup', option, list], { env, cwd: folder, stdio: ['ignore', 'ignore', 'ignore'] });
  const [snapshot] = JSON.parse(execFileSync('restic', ['-q', '-r', repo, '--no-cache', 'snapshots', '--json'], { env, encoding: 'utf8' })) as { paths: string[] }[];
  return (snapshot?.paths ?? []).map((name) => path.relative(folder, name)).sort();
}

test('patterns name what restic saves for them, and what fits nothing is said', async () => {
  const { folder, lists } = place();
  const list = path.join(lists, 'patterns');
  writeFileSync(list, '# a comment\n\n  *.txt\r\n s*/x?\nq\\[1]\nnothing*\n.h*\ndang*\nmissing\n');
  const said: string[] = [];
  const found = await listedPaths({ filesFrom: [list] }, { workingFolder: folder, stdin: () => Promise.resolve(Buffer.alloc(0)), warn: (text) => { said.push(text); } });
  expect([...found].sort()).toEqual(asRestic(folder, '--files-from', list, lists));
  expect(said.map((text) => text.split(' in ')[0])).toEqual(['"nothing*"', '"missing"']);
});

test('verbatim and raw lists are taken as they are, from files and from standard input', async () => {
  const { folder, lists } = place();
  const verbatim = path.join(lists, 'verbatim');
  writeFileSync(verbatim, '# not a comment\n\n spaced \nq[1]\n');
  expect((await read(folder, { filesFromVerbatim: [verbatim] })).sort()).toEqual(asRestic(folder, '--files-from-verbatim', verbatim, lists));
  expect(await read(folder, { filesFromRaw: ['-'] }, 'a\nb\0c\0')).toEqual(['a\nb', 'c']);
});

test.each([
  ['a list that is not there', { filesFrom: ['/nowhere/list'] }, '', /cannot be read/],
  ['a name that may be cut off', { filesFromRaw: ['-'] }, 'a\0b', /does not end with a NUL byte/],
  ['an empty name', { filesFromRaw: ['-'] }, 'a\0\0', /empty name/],
  ['lists that name nothing', { filesFrom: ['-'] }, '# only a comment\n', /name nothing/],
  ['a malformed pattern', { filesFrom: ['-'] }, 'a[\n', /not a valid pattern/],
])('%s is refused in one sentence', async (_, lists, stdin, sentence) => {
  await expect(read('/', lists, stdin)).rejects.toMatchObject({ code: 'usage', message: expect.stringMatching(sentence) as string });
});
