/** An agent that joined a hub which means harm: real core, real tunnel over TLS, real policy and hooks. Nothing is read, nothing is run. */
import { chmodSync, existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { createAgent, type Agent } from '../../../main/agent/agent.js';
import { openJournal } from '../../../main/agent/journal/journal.js';
import { createTunnel, dialWebSocket } from '../../../main/agent/tunnel/index.js';
import { systemClock } from '../../../main/platform/clock.js';
import { openHooks } from '../../../main/platform/hooks/run-hook.js';
import { policyComputer } from '../../../main/platform/policy/computer.js';
import { openPolicy } from '../../../main/platform/policy/document.js';
import { isOwnHub } from '../../../main/platform/policy/own-hub.js';
import type { Job } from '../../../main/shared/model.js';
import { createWorld, memoryLog, someJob, someResult, type World } from '../../helpers/agent-world.js';
import { hostileHub, type HostileHub } from '../../helpers/hostile-hub.js';
import { tempFolder } from '../../helpers/temp.js';
import { until } from '../../helpers/until.js';

interface Scene {
  readonly hub: HostileHub;
  readonly agent: Agent;
  readonly world: World;
  /** Allowed: `<folder>/open`. Not: `<folder>/closed`. */
  readonly folder: string;
  job(change: Partial<Job>): Job;
  files(...paths: string[]): Pick<Job, 'sources'>;
}

async function scene(): Promise<Scene> {
  const folder = tempFolder();
  for (const name of ['open', 'open/letters', 'closed', 'data', 'data/hub']) mkdirSync(path.join(folder, name), { mode: 0o700 });
  const hub = await hostileHub();
  const world = createWorld();
  const random = (): number => 0;
  let id = 0;
  const log = { log: (level: string, text: string) => { world.log.push(`${level}: ${text}`); } };
  const journal = openJournal({ log: memoryLog(), clock: systemClock, newId: () => `journal${(id += 1)}`, logger: log });
  const data = path.join(folder, 'data');
  const agent = createAgent({
    ...world.options, clock: systemClock, journal, policyComputer,
    givenIdentity: { url: hub.url, fingerprint: hub.fingerprint, token: `1|${'t'.repeat(40)}` },
    policy: await openPolicy({ policyFile: path.join(data, 'policy.json') }),
    isOwnHub: (fingerprint) => isOwnHub(fingerprint, path.join(data, 'hub')),
    hooks: await openHooks({ folder: path.join(data, 'hooks'), env: process.env }),
    createTunnel: (events, jobsRevision) => createTunnel({
      dial: dialWebSocket, clock: systemClock, random, logger: log, journal, events,
      hello: () => ({ version: '0.0.0', host: 'laptop', os: 'linux', arch: 'x64', capabilities: [], jobsRevision: jobsRevision() }),
    }),
  });
  onTestFinished(() => agent.close());
  await agent.start();
  await hub.connected();
  await agent.call('allowFolders', { paths: [path.join(folder, 'open')] });
  return {
    hub, agent, world, folder,
    job: (change) => someJob({ schedule: { type: 'manual' }, destination: { id: 'dest1', name: 'Theirs', url: path.join(folder, 'repository') }, ...change }),
    files: (...paths) => ({ sources: [{ type: 'files', paths, excludes: [] }] }),
  };
}

const script = (file: string, marker: string, more = ''): void => {
  writeFileSync(file, `#!/bin/sh\necho ran >> '${marker}'\n${more}`);
  chmodSync(file, 0o755);
};

test('folders that were never allowed are not read, however they are written', async () => {
  const { files, folder, hub, job, world, agent } = await scene();
  const open = path.join(folder, 'open');
  const closed = path.join(folder, 'closed');
  symlinkSync(closed, path.join(open, 'link'));
  symlinkSync('/', path.join(open, 'root'));
  const wanted: [string, string[]][] = [
    ['plain', [closed]], ['all', ['/']], ['mixed', [open, closed]], ['sibling', [`${open}er`]], ['above', [folder]],
    ['dots', [`${open}/../closed`]], ['deep-dots', [`${open}/letters/../../closed`]], ['dot', [`${open}/./letters`]],
    ['link', [path.join(open, 'link')]], ['through', [path.join(open, 'root', 'etc')]], ['slashes', [`//${closed}//`]],
    ['not-there', [path.join(open, 'link', 'not there yet')]],
  ];
  hub.jobs(wanted.map(([id, paths]) => job({ id, name: id, ...files(...paths) })));
  for (const [id] of wanted) {
    const end = await hub.run(id, `run-${id}`);
    expect([id, end]).toEqual([id, expect.objectContaining({ state: 'failed', result: null, error: expect.objectContaining({ code: 'policy-refused', retryable: false }) })]);
  }
  expect(world.engine.orders).toEqual([]);
  expect(existsSync(path.join(folder, 'repository'))).toBe(false);
  const { consent, runs } = await agent.call('state', {});
  expect(consent).toMatchObject({ ownHub: false, askAbout: 'others' });
  // One question per real folder, with where it leads.
  expect(consent.waiting.find(({ jobs }) => jobs.some(({ id }) => id === 'link'))).toMatchObject({ subject: closed, jobs: [{ id: 'plain' }, { id: 'mixed' }, { id: 'link' }, { id: 'slashes' }] });
  expect(consent.waiting.find(({ jobs }) => jobs[0]?.id === 'through')).toMatchObject({ subject: path.join(open, 'root', 'etc'), detail: 'It leads to /etc.' });
  expect(runs.find(({ jobId }) => jobId === 'plain')?.error?.message).toBe(`This computer was not allowed yet to back up the folder ${closed}. Allow it on this computer, in Holdfast's window or with "holdfast approve".`);
  // The hub is told what waits.
  await until('the hub was told', () => hub.heard.some((message) => message.kind === 'request' && message.method === 'consent.report' && JSON.stringify(message.params).includes('"waiting"')));
});

test('what was allowed runs, until the hub changes it', async () => {
  const { agent, files, folder, hub, job, world } = await scene();
  const open = path.join(folder, 'open');
  hub.jobs([job(files(path.join(open, 'letters')))]);
  hub.say({ kind: 'run.start', runId: 'good', jobId: 'job1' });
  (await until('the backup is under way', () => world.engine.pending[0])).resolve(someResult());
  await until('the run has ended', () => hub.events('good').some(({ type }) => type === 'finished'));
  expect(world.engine.orders).toHaveLength(1);

  hub.jobs([job(files(path.join(open, 'letters'), path.join(folder, 'closed')))]);
  expect(await hub.run('job1', 'more')).toMatchObject({ state: 'failed', error: { code: 'policy-refused' } });
  hub.jobs([job({ sources: [{ type: 'sqlite', path: path.join(folder, 'closed', 'x.sqlite') }] })]);
  expect(await hub.run('job1', 'other')).toMatchObject({ state: 'failed', error: { code: 'policy-refused' } });
  hub.jobs([job({ sources: [{ type: 'postgresql', host: '/run/postgresql', tls: 'prefer' }] })]);
  expect(await hub.run('job1', 'database')).toMatchObject({ state: 'failed', error: { code: 'policy-refused' } });
  expect(world.engine.orders).toHaveLength(1);

  // A link that comes into the allowed folder later leads nowhere either.
  symlinkSync(path.join(folder, 'closed'), path.join(open, 'later'));
  hub.jobs([job(files(path.join(open, 'later', 'deep')))]);
  expect(await hub.run('job1', 'link')).toMatchObject({ state: 'failed', error: { code: 'policy-refused' } });

  // Old snapshots stay where the hub orders them away.
  let forgotten = 0;
  world.engine.forget = () => { forgotten += 1; return Promise.resolve({ removed: 99 }); };
  hub.jobs([job({ ...files(open), retention: { keepLast: 1 } })]);
  hub.say({ kind: 'run.start', runId: 'forget', jobId: 'job1' });
  (await until('the backup is under way', () => world.engine.pending[1])).resolve(someResult());
  await until('the run has ended', () => hub.events('forget').some(({ type }) => type === 'finished'));
  expect(forgotten).toBe(0);
  expect(hub.events('forget').some((event) => event.type === 'log' && event.message.startsWith('Old snapshots are kept'))).toBe(true);
  // A job that the hub takes away takes nothing with it.
  hub.jobs([]);
  await until('the job is gone', async () => (await agent.call('state', {})).jobs.length === 0);
  expect(forgotten).toBe(0);
});

test('hooks run by their content: never before a yes, and not after a change', async () => {
  const { agent, files, folder, hub, job, world } = await scene();
  const marker = path.join(folder, 'marker');
  const hook = path.join(folder, 'open', 'hook');
  script(hook, marker);
  const withHook = job({ ...files(path.join(folder, 'open')), hooks: { pre: hook } });
  hub.jobs([withHook]);
  expect(await hub.run('job1', 'first')).toMatchObject({ state: 'failed', error: { code: 'policy-refused', message: expect.stringContaining(`run the program ${hook}`) } });
  expect(existsSync(marker)).toBe(false);

  const { consent: { waiting } } = await agent.call('state', {});
  expect(waiting).toMatchObject([{ kind: 'hook', subject: hook, detail: expect.stringMatching(/SHA-256 [0-9a-f]{64}\.$/) }]);
  await agent.call('answerConsent', { ids: waiting.map(({ id }) => id), answer: 'allow' });
  hub.say({ kind: 'run.start', runId: 'second', jobId: 'job1' });
  (await until('the backup is under way', () => world.engine.pending[0])).resolve(someResult());
  await until('the run has ended', () => hub.events('second').some(({ type }) => type === 'finished'));
  expect(readFileSync(marker, 'utf8')).toBe('ran\n');

  // Another path, the same path with other content, another moment of the same file: only the last is what was allowed.
  script(path.join(folder, 'closed', 'hook'), marker, 'echo other');
  hub.jobs([job({ ...files(path.join(folder, 'open')), hooks: { pre: path.join(folder, 'closed', 'hook') } })]);
  expect(await hub.run('job1', 'third')).toMatchObject({ state: 'failed', error: { code: 'policy-refused' } });
  script(hook, marker, 'rm -rf /tmp/none\n');
  hub.jobs([withHook]);
  expect(await hub.run('job1', 'fourth')).toMatchObject({ state: 'failed', error: { code: 'policy-refused' } });
  expect(readFileSync(marker, 'utf8')).toBe('ran\n');
  // A no is kept, and it is a no on both sides.
  const again = (await agent.call('state', {})).consent.waiting;
  await agent.call('answerConsent', { ids: again.map(({ id }) => id), answer: 'refuse' });
  expect(await hub.run('job1', 'fifth')).toMatchObject({ state: 'failed', error: { code: 'policy-refused', message: expect.stringContaining('it was refused to run the program') } });
  expect(world.engine.orders).toHaveLength(1);
});

test('a flood of jobs and orders is refused, one by one, and what a person is asked stays short', async () => {
  const { agent, files, folder, hub, job, world } = await scene();
  for (let round = 0; round < 20; round += 1) {
    hub.jobs(Array.from({ length: 400 }, (_, i) => job({ id: `j${i}`, name: `j${i}`, ...files(path.join(folder, 'closed', `${round}-${i}`), path.join(folder, 'closed', `other-${i}`)) })));
  }
  for (let i = 0; i < 50; i += 1) hub.say({ kind: 'run.start', runId: `flood${i}`, jobId: `j${i}` });
  await until('all are refused', () => Array.from({ length: 50 }, (_, i) => hub.events(`flood${i}`).some((event) => event.type === 'finished' && event.error?.code === 'policy-refused')).every(Boolean), 40_000);
  const { consent } = await until('it was looked through', async () => {
    const state = await agent.call('state', {});
    return state.consent.moreWaiting === 700 && state;
  });
  expect(consent.waiting).toHaveLength(100);
  expect(world.engine.orders).toEqual([]);
  hub.say({ kind: 'run.cancel', runId: 'never-was' });
  hub.say({ kind: 'run.start', runId: 'nothing', jobId: 'no-such-job' });
  expect(await hub.ask('files.read', { path: '/etc/shadow' })).toMatchObject({ ok: false, error: { code: 'upgrade-needed' } });
  expect(await hub.ask('__proto__', {})).toMatchObject({ ok: false });
  // It says it is somebody it is not: what does not fit the protocol ends the connection and changes nothing.
  hub.say({ kind: 'consent.allow', ids: consent.waiting.map(({ id }) => id) });
  await until('the agent has hung up', async () => (await agent.call('state', {})).connection.state !== 'connected');
  expect((await agent.call('allowed', {})).allowed.map(({ subject }) => subject)).toEqual([path.join(folder, 'open')]);
});

test('an answer of the hub is not a yes: the job that a person wrote is allowed, not the one that comes back', async () => {
  const { agent, files, folder, hub, job, world } = await scene();
  const mine = path.join(folder, 'closed');
  const { id: _id, agentId: _agent, createdAt: _at, ...draft } = job(files(mine));
  // This hub answers everything with {}, which is not a job; the yes of the person stands all the same.
  await expect(agent.call('createJob', { draft })).rejects.toMatchObject({ code: 'protocol-violation' });
  hub.jobs([job(files(mine, '/etc'))]);
  expect(await hub.run('job1', 'swapped')).toMatchObject({ state: 'failed', error: { message: expect.stringContaining('the folder /etc') } });
  // Editing a job here does not allow what the hub had slipped into it before.
  const { id: _i, agentId: _a, createdAt: _c, ...edited } = job({ ...files(mine, '/etc', '/srv'), name: 'Edited' });
  await expect(agent.call('updateJob', { jobId: 'job1', draft: edited })).rejects.toMatchObject({ code: 'protocol-violation' });
  expect((await agent.call('allowed', {})).allowed.map(({ subject }) => subject)).toEqual([path.join(folder, 'open'), mine, '/srv']);
  expect(world.engine.orders).toEqual([]);
});
