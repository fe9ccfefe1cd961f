/** Real programs around a run of the real runner. */
import { createHash } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { HookStep } from '../../../main/agent/hooks/hook-step.js';
import type { HookOrder } from '../../../main/agent/hooks/ports.js';
import { RunStore } from '../../../main/agent/runs/run-store.js';
import { Runner } from '../../../main/agent/runs/runner.js';
import { hookEnvironment, openHooks } from '../../../main/platform/hooks/run-hook.js';
import { asHoldfastError, HoldfastError } from '../../../main/shared/errors.js';
import type { Hooks, Run } from '../../../main/shared/model.js';
import { memoryLog, ScriptedEngine, someJob, someResult } from '../../helpers/agent-world.js';
import { tempFolder } from '../../helpers/temp.js';
import { until } from '../../helpers/until.js';

const secrets = { HOLDFAST_PASSWORD: 'secret', RESTIC_PASSWORD: 'secret', HOLDFAST_AGENT_TOKEN: 'secret', AWS_SECRET_ACCESS_KEY: 'secret', PGPASSWORD: 'secret', HOLDFAST_DATA: '/x' };

function program(file: string, text: string, mode = 0o755): string {
  writeFileSync(file, text);
  chmodSync(file, mode);
  return file;
}

async function scene(allowed: (path: string, sha256: string) => boolean = () => true) {
  const folder = tempFolder();
  const working = path.join(folder, 'hooks');
  mkdirSync(path.join(working, 'left by a crash'), { recursive: true });
  const hooks = await openHooks({ folder: working, env: { ...process.env, ...secrets } });
  const engine = new ScriptedEngine();
  const store = new RunStore(memoryLog());
  const said: string[] = [];
  const runner = new Runner({
    clock: { now: () => Date.now(), after: () => () => undefined }, engine, store, host: 'laptop',
    steps: [new HookStep(hooks, { requireHook: (file, sha256) => { if (!allowed(file, sha256)) throw new HoldfastError('policy-refused', 'Not allowed.'); } })],
    journal: { id: 'j', record: () => Promise.resolve() },
    logger: { log: (level, message) => { said.push(`${level}: ${message}`); } },
    openRepository: (job) => Promise.resolve({ url: job.destination.url, password: 'p' }),
    explain: (_job, thrown) => Promise.resolve(asHoldfastError(thrown)),
    gentle: () => Promise.resolve(false), changed: () => undefined, ended: () => undefined,
  });
  const ended = (): Promise<Run> => until('the run has ended', () => {
    const run = store.get('run1');
    return run !== undefined && run.finishedAt !== null && run;
  });
  return {
    folder, working, hooks, engine, runner, said, ended,
    start: (chosen: Hooks) => runner.start(someJob({ hooks: chosen }), 'manual', 'run1'),
    backUp: async (outcome: 'good' | 'bad' = 'good') => {
      const backup = await until('the backup is under way', () => engine.pending[0]);
      if (outcome === 'good') backup.resolve(someResult());
      else backup.reject(new HoldfastError('destination-full', 'The disk is full.'));
    },
  };
}

describe('hooks of a run', () => {
  test('run in order, know the run, and their output is in its log; nothing of them is left', async () => {
    const { backUp, ended, folder, said, start, working } = await scene();
    const seen = path.join(folder, 'seen');
    const text = `#!/bin/sh\necho "to out"; echo "to err" >&2\nprintf 'last, without an end'\n{ env | grep -E 'HOLDFAST|secret'; pwd; stat -c %a .; } | sort > ${seen}.$HOLDFAST_HOOK\ntouch made-here\n`;
    const hook = program(path.join(folder, 'hook'), text);
    await start({ pre: hook, post: hook, onFailure: hook });
    await backUp();
    expect(await ended()).toMatchObject({ state: 'succeeded', error: null });
    const facts = (name: string): string[] => readFileSync(`${seen}.${name}`, 'utf8').trim().split('\n');
    const pre = facts('pre');
    const dir = pre.find((line) => line.startsWith('HOLDFAST_WORKING_DIR='))?.split('=')[1] ?? '';
    expect(dir.startsWith(working)).toBe(true);
    expect(pre).toEqual([dir, '700', 'HOLDFAST_HOOK=pre', `HOLDFAST_HOOK_FILE=${hook}`, 'HOLDFAST_JOB=Documents', 'HOLDFAST_JOB_ID=job1', 'HOLDFAST_RUN_ID=run1', `HOLDFAST_WORKING_DIR=${dir}`].sort());
    expect(facts('post')).toContain('HOLDFAST_STATUS=succeeded');
    expect(existsSync(`${seen}.on-failure`)).toBe(false);
    expect(said).toEqual(expect.arrayContaining(['info: pre: to out', 'info: pre: to err', 'info: pre: last, without an end', 'info: post: to out']));
    expect(readdirSync(working)).toEqual([]);
  });

  test('a failing pre fails the run and says why; post and on-failure are still tried', async () => {
    const { ended, engine, folder, start } = await scene();
    const pre = program(path.join(folder, 'pre'), '#!/bin/sh\necho The database is locked\nexit 7\n');
    const note = program(path.join(folder, 'note'), `#!/bin/sh\necho "$HOLDFAST_HOOK $HOLDFAST_STATUS $HOLDFAST_ERROR" >> ${path.join(folder, 'notes')}\n`);
    await start({ pre, post: note, onFailure: note });
    expect(await ended()).toMatchObject({ state: 'failed', error: { code: 'hook-failed', message: `The hook ${pre} before the backup ended with exit code 7: The database is locked. Its output is in the log of the run.` } });
    expect(engine.orders).toEqual([]);
    expect(readFileSync(path.join(folder, 'notes'), 'utf8').split('\n').map((line) => line.split(' ').slice(0, 2).join(' '))).toEqual(['post failed', 'on-failure failed', '']);
  });

  test('a failing post is a warning of a good run', async () => {
    const { backUp, ended, folder, start, working } = await scene();
    await start({ post: program(path.join(folder, 'post'), '#!/bin/sh\nexit 1\n') });
    await backUp();
    expect(await ended()).toMatchObject({ state: 'warnings', error: null, result: { warnings: [expect.stringContaining('ended with exit code 1')] } });
    expect(readdirSync(working)).toEqual([]);
  });

  test('a cancel ends the hook with all that it started', async () => {
    const { ended, folder, runner, start } = await scene();
    const pids = path.join(folder, 'pids');
    await start({ pre: program(path.join(folder, 'pre'), `#!/bin/sh\nsleep 600 & echo $! >> ${pids}\necho $$ >> ${pids}\nwait\n`) });
    await until('it runs', () => existsSync(pids) && readFileSync(pids, 'utf8').split('\n').length === 3);
    runner.cancel('run1');
    expect(await ended()).toMatchObject({ state: 'cancelled' });
    for (const pid of readFileSync(pids, 'utf8').trim().split('\n')) await until(`${pid} is gone`, () => !isRunning(Number(pid)));
  });

  test('what is run is what was read, whatever becomes of the file', async () => {
    const hashes: string[] = [];
    const { backUp, ended, folder, start } = await scene((file, sha256) => {
      hashes.push(sha256);
      // Between the check and the start: the moment of whoever wants to swap it.
      writeFileSync(file, `#!/bin/sh\ntouch ${path.join(path.dirname(file), 'swapped')}\n`);
      return true;
    });
    const text = `#!/bin/sh\ntouch ${path.join(folder, 'right')}\n`;
    await start({ pre: program(path.join(folder, 'pre'), text) });
    await backUp();
    await ended();
    expect(hashes).toEqual([createHash('sha256').update(text).digest('hex')]);
    expect([existsSync(path.join(folder, 'right')), existsSync(path.join(folder, 'swapped'))]).toEqual([true, false]);
  });
});

describe('a hook', () => {
  const order = async (hooks: Awaited<ReturnType<typeof openHooks>>, change: Partial<HookOrder> = {}): Promise<HookOrder> =>
    ({ name: 'pre', folder: await hooks.openFolder(), variables: {}, timeLimitMs: 60_000, signal: null, line: () => undefined, ...change });

  test('that cannot be run says why and what to do', async () => {
    const { folder, hooks } = await scene();
    const reason = (file: string): Promise<string> => hooks.read(file).then(() => 'it was read', (error: Error) => error.message);
    const at = (name: string): string => path.join(folder, name);
    expect(await reason(at('missing'))).toContain('is not there');
    expect(await reason(program(at('plain'), '#!/bin/sh\n', 0o644))).toBe(`The hook ${at('plain')} is not executable. Run chmod +x on it.`);
    expect(await reason(program(at('open'), '#!/bin/sh\n', 0o777))).toContain('chmod go-w');
    expect(await reason(program(at('text'), 'echo no shebang\n'))).toContain('Its first line must name its interpreter');
    expect(await reason(folder)).toContain('is not a file');
    const lost = await hooks.read(program(at('lost'), '#!/no/such/interpreter\n'));
    await expect(lost.run(await order(hooks))).rejects.toMatchObject({ code: 'hook-failed', message: expect.stringContaining('interpreter in its first line is not there') });
  });

  test('may be a program', async () => {
    const { folder, hooks } = await scene();
    const copy = path.join(folder, 'true');
    writeFileSync(copy, readFileSync('/bin/true'));
    chmodSync(copy, 0o755);
    expect(await (await hooks.read(copy)).run(await order(hooks))).toEqual({ code: 0, killedBy: null, why: null });
  });

  test('that takes too long is ended with its whole group, also when it does not listen', async () => {
    const { folder, hooks } = await scene();
    const pids = path.join(folder, 'pids');
    const stubborn = await hooks.read(program(path.join(folder, 'stubborn'), `#!/bin/sh\ntrap '' TERM\n(trap '' TERM; sleep 600) & echo $! > ${pids}\nwhile :; do sleep 1; done\n`));
    expect(await stubborn.run(await order(hooks, { timeLimitMs: 300 }))).toEqual({ code: null, killedBy: 'SIGKILL', why: 'time' });
    const child = Number(readFileSync(pids, 'utf8'));
    await until('its child is gone', () => !isRunning(child));
  });

  test('is not waited for once it has ended, whatever it left behind', async () => {
    const { folder, hooks } = await scene();
    const lines: string[] = [];
    const hook = await hooks.read(program(path.join(folder, 'daemon'), `#!/bin/sh\necho started\nsleep 30 &\necho $! > ${path.join(folder, 'pid')}\n`));
    const ended = hook.run(await order(hooks, { line: (text) => lines.push(text) }));
    expect(await Promise.race([ended, sleep(20_000, 'still waiting')])).toEqual({ code: 0, killedBy: null, why: null });
    expect(lines).toEqual(['started']);
    process.kill(Number(readFileSync(path.join(folder, 'pid'), 'utf8')));
  });

  test('that writes without end fills neither log nor memory', async () => {
    const { backUp, ended, folder, said, start } = await scene();
    await start({ pre: program(path.join(folder, 'loud'), '#!/bin/sh\nyes "a line" | head -n 50000\nhead -c 3000000 /dev/zero | tr "\\0" x\nprintf "\\033[31mred\\033[0m\\007\\n"\n') });
    await backUp();
    expect(await ended()).toMatchObject({ state: 'succeeded' });
    expect(said.length).toBeLessThan(1_020);
    expect(said.some((line) => /^info: pre: [\d,]+ more lines left out$/.test(line))).toBe(true);
  });

  test('gets a few harmless variables and no secret', () => {
    expect(hookEnvironment({ ...secrets, PATH: '/bin', HOME: '/root', LC_ALL: 'C', MY_API_KEY: 'secret', NODE_OPTIONS: '--x' })).toEqual({ PATH: '/bin', HOME: '/root', LC_ALL: 'C' });
  });
});

function isRunning(pid: number): boolean {
  try {
    // A zombie that nobody has collected is not running.
    return !readFileSync(`/proc/${pid}/stat`, 'utf8').includes(') Z ');
  } catch {
    return false;
  }
}
