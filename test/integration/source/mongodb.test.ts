/** Against a stand-in for mongodump: there is no MongoDB for these tests to run. */
import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { openMongodb } from '../../../main/backup/source/mongodb/mongodb.js';
import { Tools } from '../../../main/backup/source/process/command.js';
import { localHost } from '../../../main/backup/source/process/host.js';
import { mongodbSource } from '../../../main/shared/sources.js';
import { childrenOf, contentOf, never, sourcePorts, streamOf } from '../../helpers/sources.js';
import { tempFolder } from '../../helpers/temp.js';

const whole = '\\155\\342\\231\\201 content \\377\\377\\377\\377';

/** A folder with a mongodump that notes its arguments and its settings, then does this. */
function standIn(script: string): { folder: string; said: (name: string) => string } {
  const folder = tempFolder();
  const file = path.join(folder, 'mongodump');
  writeFileSync(file, `#!/bin/sh\nPATH=/usr/bin:/bin\nfor each; do echo "$each" >> '${folder}/args'; case "$each" in --config=*) cat "\${each#--config=}" > '${folder}/config'; stat -c %a "\${each#--config=}" > '${folder}/mode';; esac; done\n${script}\n`);
  chmodSync(file, 0o755);
  return { folder, said: (name) => readFileSync(path.join(folder, name), 'utf8') };
}

const open = (folder: string, source: object = {}, passwords: Record<string, string> = {}) =>
  openMongodb(mongodbSource.parse({ type: 'mongodb', ...source }), localHost({ PATH: folder }), sourcePorts(passwords));

test('the archive comes whole, and the password is in a private file that is gone afterwards', async () => {
  const { folder, said } = standIn(`printf '${whole}'`);
  const opened = await open(folder, { host: 'db', user: 'anna', database: 'shop', tls: 'require' }, { 'mongodb://anna@db:27017': 'ge"heim\\ #1' });
  const [stream] = opened.streams;
  expect(stream?.path).toBe('/databases/mongodb/db:27017/shop.archive');
  expect((await contentOf(streamOf(opened, '.archive'))).toString('latin1')).toBe('\x6d\xe2\x99\x81 content \xff\xff\xff\xff');
  await opened.close();
  const args = said('args').trim().split('\n');
  expect(args).toEqual([expect.stringMatching(/^--config=\//), '--host=db', '--port=27017', '--username=anna', '--authenticationDatabase=admin', '--db=shop', '--ssl', '--tlsInsecure', '--archive', '--numParallelCollections=1']);
  expect(args.join(' ')).not.toContain('heim');
  expect(said('config')).toBe('password: "ge\\"heim\\\\ #1"\n');
  expect(said('mode').trim()).toBe('600');
  expect(existsSync(args[0]?.replace('--config=', '') ?? '/')).toBe(false);
});

test.each([
  ['an archive without its end', `printf '\\155\\342\\231\\201 content'`, 'source-failed', 'ended before it was complete'],
  ['something else', 'echo "no archive"', 'source-failed', 'ended before it was complete'],
  ['a wrong password', `printf '${whole}'; echo "Failed: can't create session: auth error: sasl conversation error: unable to authenticate: (AuthenticationFailed)" >&2; exit 1`, 'permission-denied', 'does not let the user "anna" in'],
  ['no right', 'echo "Failed: (Unauthorized) not authorized on admin to execute command" >&2; exit 1', 'permission-denied', 'may not read all of it'],
  ['no server', 'echo "Failed: server selection error: server selection timeout, connection refused" >&2; exit 1', 'source-missing', 'does not answer'],
  ['a tool that was killed', `printf '${whole}'; kill -9 $$`, 'source-failed', 'SIGKILL'],
])('%s is one sentence, and never the end of the stream', async (_, script, code, sentence) => {
  const { folder } = standIn(script);
  const opened = await open(folder, { user: 'anna' });
  await expect(contentOf(streamOf(opened, '.archive'))).rejects.toMatchObject({ code, message: expect.stringContaining(sentence) });
  await opened.close();
});

test('where mongodump is missing, the sentence tells the package', async () => {
  await expect(open(tempFolder())).rejects.toThrow(/^mongodump is not on this computer\. .*mongodb-database-tools/);
});

test('a tool that says nothing for too long is ended, with one sentence and no process left', async () => {
  const tools = new Tools(localHost(process.env), {}, 300);
  let heard = '';
  const command = { program: '/bin/sh', args: ['-c', 'echo begin; trap "" TERM; exec sleep 4711'] };
  const reading = async (): Promise<void> => {
    for await (const piece of tools.stream(command, { tool: 'pg_dump', signal: never, explain: () => null })) heard += Buffer.from(piece).toString();
  };
  await expect(reading()).rejects.toMatchObject({ code: 'source-failed', retryable: true, message: expect.stringMatching(/^pg_dump was stopped because nothing came from it for 1 second\./) });
  expect(heard).toBe('begin\n');
  expect(childrenOf().filter((line) => line.includes('4711'))).toEqual([]);
  await tools.close();
});
