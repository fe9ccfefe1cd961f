/** What happens around a backup: in which order, and what its failures make of the run. */
import { expect, test } from 'vitest';
import { Runner } from '../../../main/agent/runs/runner.js';
import { RunStore } from '../../../main/agent/runs/run-store.js';
import type { RunOutcome, RunStep } from '../../../main/agent/runs/steps.js';
import { asHoldfastError, HoldfastError } from '../../../main/shared/errors.js';
import { memoryLog, ScriptedEngine, settle, someJob, someResult } from '../../helpers/agent-world.js';

const said: string[] = [];
function world(...steps: RunStep[]) {
  const engine = new ScriptedEngine();
  const store = new RunStore(memoryLog());
  said.length = 0;
  const runner = new Runner({
    clock: { now: () => 0, after: () => () => undefined },
    engine, steps, store, host: 'laptop',
    journal: { record: () => Promise.resolve() } as never,
    logger: { log: (_level, message) => said.push(message) },
    openRepository: (job) => Promise.resolve({ url: job.destination.url, password: 'p' }),
    explain: (_job, thrown) => Promise.resolve(asHoldfastError(thrown)), gentle: () => Promise.resolve(false),
    changed: () => undefined,
    ended: () => undefined,
  });
  return { engine, runner, run: () => store.get('run1') };
}

function recorder(name: string, log: string[], fail: Partial<Record<'before' | 'after' | 'end', string>> = {}): RunStep {
  const act = (part: 'before' | 'after' | 'end', detail = ''): Promise<void> => {
    log.push(`${name}.${part}${detail}`);
    const text = fail[part];
    return text === undefined ? Promise.resolve() : Promise.reject(new HoldfastError('hook-failed', text));
  };
  return { before: () => act('before'), after: () => act('after'), end: (_context, outcome: RunOutcome) => act('end', `(${outcome.state})`) };
}

test('steps go in order before and after the backup, and in reverse at the end', async () => {
  const log: string[] = [];
  const { engine, runner, run } = world(recorder('a', log), recorder('b', log));
  await runner.start(someJob(), 'manual', 'run1');
  await settle();
  expect(log).toEqual(['a.before', 'b.before']);
  engine.pending[0]?.resolve(someResult());
  await settle();
  expect(log.slice(2)).toEqual(['a.after', 'b.after', 'b.end(succeeded)', 'a.end(succeeded)']);
  expect(run()).toMatchObject({ state: 'succeeded', result: { warnings: [] } });
});

test('a step that fails before the backup fails the run; nothing after it begins, and what was begun is ended', async () => {
  const log: string[] = [];
  const { engine, runner, run } = world(recorder('a', log), recorder('b', log, { before: 'The hook failed.' }), recorder('c', log));
  await runner.start(someJob(), 'manual', 'run1');
  await settle();
  expect(engine.orders).toEqual([]);
  expect(log).toEqual(['a.before', 'b.before', 'b.end(failed)', 'a.end(failed)']);
  expect(run()).toMatchObject({ state: 'failed', error: { message: 'The hook failed.' } });
});

test('a step that fails after the backup is a warning of a good run, and the others go on', async () => {
  const log: string[] = [];
  const { engine, runner, run } = world(recorder('a', log, { after: 'The copy failed.' }), recorder('b', log, { end: 'The hook failed.' }));
  await runner.start(someJob(), 'manual', 'run1');
  await settle();
  engine.pending[0]?.resolve(someResult());
  await settle();
  expect(log.slice(2)).toEqual(['a.after', 'b.after', 'b.end(warnings)', 'a.end(warnings)']);
  expect(run()).toMatchObject({ state: 'warnings', error: null, result: { warnings: ['The copy failed.', 'The hook failed.'] } });
});

test('a cancelled run ends its steps, and a failing end does not turn it into something else', async () => {
  const log: string[] = [];
  const { runner, run } = world(recorder('a', log, { end: 'The hook failed.' }));
  await runner.start(someJob(), 'manual', 'run1');
  await settle();
  runner.cancel('run1');
  await settle();
  expect(log).toEqual(['a.before', 'a.end(cancelled)']);
  expect(run()).toMatchObject({ state: 'cancelled', result: null });
  expect(said).toContain('The hook failed.');
});
