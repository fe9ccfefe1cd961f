import { readFileSync } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { openLogging } from '../../../main/platform/logging/logging.js';
import { redact } from '../../../main/platform/logging/redact.js';
import { tempFolder } from '../../helpers/temp.js';

const token = `12|${'aB3'.repeat(13)}x`;

describe('logging', () => {
  it('writes JSON lines for this user only, and the same to the ring', async () => {
    const folder = tempFolder();
    const seen: string[] = [];
    const logging = openLogging({ folder, sink: (entry) => seen.push(entry.message) });
    logging.scoped('tunnel').log('info', 'Connected', 'run1');
    logging.scoped('hub').log('debug', 'detail');
    logging.close();
    const file = path.join(folder, 'holdfast.log');
    const lines = readFileSync(file, 'utf8').trim().split('\n').map((line): unknown => JSON.parse(line));
    expect(lines).toMatchObject([{ level: 'info', scope: 'tunnel', msg: 'Connected', runId: 'run1' }, { level: 'debug', scope: 'hub', msg: 'detail' }]);
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    expect(logging.reader.read(0, 10, 'info')).toMatchObject([{ seq: 1, scope: 'tunnel', message: 'Connected', runId: 'run1' }]);
    expect(logging.reader.read(1, 10, 'debug')).toMatchObject([{ seq: 2 }]);
    expect(seen).toEqual(['Connected', 'detail']);
  });

  it('keeps to its limit of files and bytes', async () => {
    const folder = tempFolder();
    const logging = openLogging({ folder, rotation: { limit: 2_000, files: 3 } });
    for (let i = 0; i < 200; i += 1) logging.scoped('x').log('info', `line ${i}`);
    logging.close();
    const names = (await readdir(folder)).sort();
    expect(names).toEqual(['holdfast.1.log', 'holdfast.2.log', 'holdfast.log']);
    for (const name of names) expect((await stat(path.join(folder, name))).size).toBeLessThanOrEqual(2_000);
    expect(readFileSync(path.join(folder, 'holdfast.log'), 'utf8')).toContain('line 199');
  });

  it('goes on from the file of an earlier start', () => {
    const folder = tempFolder();
    for (const message of ['one', 'two']) {
      const logging = openLogging({ folder });
      logging.scoped('x').log('info', message);
      logging.close();
    }
    expect(readFileSync(path.join(folder, 'holdfast.log'), 'utf8').trim().split('\n')).toHaveLength(2);
  });

  it('hides secrets in file and ring', () => {
    const folder = tempFolder();
    const logging = openLogging({ folder });
    logging.scoped('x').log('error', `refused ${token} with password=hunter2 at https://me:pw@host/`);
    logging.close();
    for (const text of [readFileSync(path.join(folder, 'holdfast.log'), 'utf8'), logging.reader.read(0, 1, 'debug')[0]?.message]) {
      expect(text).not.toContain(token.slice(3));
      expect(text).not.toContain('hunter2');
      expect(text).not.toContain(':pw@');
    }
  });

  it.each([
    [`a ${token} b`, 'a 12|[hidden] b'],
    ['HOLDFAST_PASSWORD=x y', 'HOLDFAST_PASSWORD=[hidden] y'],
    ['{"password":"a b"}', '{"password":[hidden]}'],
    ['Authorization: Bearer abc', 'Authorization: [hidden]'],
    ['rest:https://u:p@h/x', 'rest:https://u:[hidden]@h/x'],
    ['abcd-efgh-2345-abcd-efgh-2345-abcd-efgh', '[hidden]'],
    ['Backup of "x" finished: 3 files, 2.00 KiB', 'Backup of "x" finished: 3 files, 2.00 KiB'],
    ['Connected at https://127.0.0.1:7878', 'Connected at https://127.0.0.1:7878'],
  ])('redacts %s', (text, expected) => expect(redact(text)).toBe(expected));
});
