/** A computer's owner and its hub, by command: what waits, what is allowed, and what both sides say. */
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, it } from 'vitest';
import { until } from '../../helpers/until.js';
import { home } from './holdfast.js';

it('what was not allowed is refused with a sentence on both sides, until its owner allows it', async () => {
  const hub = home();
  const running = hub.start('hub', '--listen', '127.0.0.1:0');
  await running.line(/^listening on /);
  const { link } = await hub.json<{ link: string }>('agents', 'add', 'laptop');
  const agent = home({ HOLDFAST_PASSWORD: 'of the server', HOLDFAST_AGENT_TOKEN: link });
  const [open, closed] = [path.join(agent.folder, 'open'), path.join(agent.folder, 'closed')];
  for (const folder of [open, closed]) {
    mkdirSync(folder);
    writeFileSync(path.join(folder, 'x'), 'content');
  }
  // Before any agent runs, as a script does.
  expect(await agent.json('approve', '--folder', open)).toEqual({ answer: 'allow', folders: [open] });
  await agent.start('agent').line(/^connected to /);
  // A hub of the same user on the same computer needs no yes; so this one is asked about as if it were another's.
  expect(await agent.json('approve', '--list')).toMatchObject({ ownHub: true, waiting: [], allowed: [{ kind: 'folder', subject: open }] });
  await agent.holdfast('approve', '--ask', 'everyone');

  const repo = path.join(agent.folder, 'repo');
  const { id } = await hub.json('job', 'add', 'Docs', open, '--repo', repo);
  expect(await hub.json('job', 'run', String(id), '--wait')).toMatchObject({ state: 'succeeded' });
  const { id: other } = await hub.json('job', 'add', 'More', closed, '--repo', repo);
  const sentence = `This computer was not allowed yet to back up the folder ${closed}. Allow it on this computer, in Holdfast's window or with "holdfast approve".`;
  expect(await hub.holdfast('job', 'run', String(other), '--wait')).toMatchObject({ code: 1, stderr: expect.stringContaining(sentence) });
  expect(await agent.json('status')).toMatchObject({ status: 'Failing', reason: expect.stringContaining(sentence) });
  const heldOf = async (): Promise<unknown> => (await hub.json<{ id: string; held: unknown }[]>('job', 'list')).find((job) => job.id === other)?.held;
  expect(await until('the hub knows', async () => (await heldOf()) ?? false)).toEqual({ state: 'waiting', reason: sentence });

  const { waiting } = await agent.json<{ waiting: { id: string }[] }>('approve', '--list');
  const [question] = waiting;
  expect(question).toMatchObject({ kind: 'folder', subject: closed, jobs: [{ name: 'More' }] });
  expect((await agent.holdfast('approve')).stdout).toContain(`back up the folder ${closed}`);
  await agent.json('approve', '--refuse', question?.id ?? '');
  expect(await hub.holdfast('job', 'run', String(other), '--wait')).toMatchObject({ code: 1, stderr: expect.stringContaining('it was refused to back up the folder') });
  expect(await agent.json('approve', (question?.id ?? '').slice(0, 6))).toMatchObject({ answer: 'allow', answered: [{ subject: closed }] });
  expect(await hub.json('job', 'run', String(other), '--wait')).toMatchObject({ state: 'succeeded' });
  await until('the hub knows', async () => (await heldOf()) === null);
  expect(await agent.holdfast('approve', 'ffffff')).toMatchObject({ code: 1, stderr: expect.stringContaining('holdfast approve --list') });
  expect(await agent.holdfast('approve', '--all', '--withdraw')).toMatchObject({ code: 2 });
}, 120_000);
