/** Restoring through the tunnel: a real hub, a real agent that belongs to somebody else's hub, and a yes on that computer in between. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { joinedComputer } from '../../helpers/joined-computer.js';
import { tempFolder } from '../../helpers/temp.js';
import { until } from '../../helpers/until.js';
import { testHub } from './office.js';

test('an admin looks into a computer\'s backups and restores there once its owner said yes; nothing that is there is replaced', async () => {
  const hub = await testHub();
  const { admin } = hub;
  const folder = tempFolder();
  const documents = path.join(folder, 'Documents');
  mkdirSync(path.join(documents, 'letters'), { recursive: true });
  writeFileSync(path.join(documents, 'letters', 'anna.txt'), 'dear anna');
  writeFileSync(path.join(documents, 'note.txt'), 'backed up');

  const { control, jobId } = await joinedComputer(hub, folder, documents);
  const job = { id: jobId };

  const { next, snapshots } = await admin.listSnapshots({ id: job.id });
  expect({ next, count: snapshots.length, paths: snapshots[0]?.paths }).toEqual({ next: null, count: 1, paths: [documents] });
  const snapshotId = snapshots[0]?.id ?? '';
  expect((await admin.browseSnapshot({ id: job.id, snapshotId, folder: documents })).entries.map(({ name, type }) => `${type} ${name}`)).toEqual(['dir letters', 'file note.txt']);
  expect((await admin.findVersions({ id: job.id, text: 'anna' })).found).toMatchObject([{ path: path.join(documents, 'letters', 'anna.txt'), snapshotId }]);
  await expect(admin.browseSnapshot({ id: job.id, snapshotId: 'ffffffff', folder: '/' })).rejects.toMatchObject({ code: 'not-found' });
  expect((await admin.listAudit({ limit: 20 })).map(({ action, subject }) => `${action} ${subject}`)).toEqual(expect.arrayContaining(['browseSnapshot Documents', 'findVersions Documents']));

  // its owner's own hub needs no yes
  const own = await admin.startRestore({ id: job.id, snapshotId, paths: [path.join(documents, 'note.txt')], folder: path.join(folder, 'by-own-hub') });
  await until('it has ended', async () => (await admin.getRestore({ id: job.id, restore: own.id })).state === 'succeeded');

  // of another one's hub nothing is written before a yes there
  await control.call('setAskAbout', { askAbout: 'everyone' });
  const target = path.join(folder, 'Restored');
  mkdirSync(target);
  writeFileSync(path.join(target, 'note.txt'), 'mine');
  const order = { id: job.id, snapshotId, paths: [path.join(documents, 'letters'), path.join(documents, 'note.txt')], folder: target };
  const asked = await admin.startRestore(order);
  expect(asked).toMatchObject({ state: 'waiting', byHub: true });
  const [question] = (await control.call('state', {})).consent.waiting;
  expect(question).toMatchObject({ kind: 'restore', subject: expect.stringContaining(target) as string, jobs: [{ name: 'Documents' }] });
  expect(existsSync(path.join(target, 'letters'))).toBe(false);
  await control.call('answerConsent', { ids: [question?.id ?? ''], answer: 'allow' });
  const done = await until('the restore has ended', async () => {
    const view = await admin.getRestore({ id: job.id, restore: asked.id });
    return view.finishedAt !== null && view;
  });
  expect(done).toMatchObject({ state: 'succeeded', result: { files: 1, skipped: 1 } });
  expect(readFileSync(path.join(target, 'letters', 'anna.txt'), 'utf8')).toBe('dear anna');
  expect(readFileSync(path.join(target, 'note.txt'), 'utf8')).toBe('mine');

  // a yes is for that restore alone; a no is told to the hub
  const again = await admin.startRestore(order);
  expect(again.state).toBe('waiting');
  const [second] = (await control.call('state', {})).consent.waiting;
  await control.call('answerConsent', { ids: [second?.id ?? ''], answer: 'refuse' });
  expect((await admin.getRestore({ id: job.id, restore: again.id })).state).toBe('refused');
  expect((await control.call('state', {})).consent.waiting).toEqual([]);

  // of a restore that a person began here the hub knows nothing
  const { restoreId } = await control.call('restoreFiles', { jobId: job.id, snapshotId, paths: [documents], place: { type: 'folder', path: path.join(folder, 'own') } });
  await expect(admin.getRestore({ id: job.id, restore: restoreId })).rejects.toMatchObject({ code: 'not-found' });
  await until('it has ended', async () => (await control.call('state', {})).restores.find(({ id }) => id === restoreId)?.state === 'succeeded');

  // paused or gone, the computer cannot be asked, and its owner restores without a hub
  await control.call('pause', { until: null });
  await until('the tunnel is closed', async () => (await admin.listAgents({}))[0]?.online === false);
  await expect(admin.listSnapshots({ id: job.id })).rejects.toMatchObject({ code: 'hub-unreachable', retryable: true });
  expect((await control.call('snapshots', { jobId: job.id })).snapshots).toHaveLength(1);
});
