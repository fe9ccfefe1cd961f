import { describe, expect, it } from 'vitest';
import { parseGiven, givenIdentity } from '../../../main/cli/agent/identity.js';
import { parseListen } from '../../../main/cli/commands/hub.js';
import { jobDraft } from '../../../main/cli/hub/job-draft.js';
import { parseSize } from '../../../main/cli/repository/size.js';
import { progressText } from '../../../main/cli/terminal/progress.js';
import { table } from '../../../main/cli/terminal/table.js';

const token = `7|${'a'.repeat(40)}`;
const fingerprint = 'b'.repeat(64);
const link = `holdfast://agent?hub=https%3A%2F%2Fh.example%3A7878&token=${encodeURIComponent(token)}&fingerprint=${fingerprint}`;

describe('an agent token given outside the keychain', () => {
  it.each([
    [link, { token, hub: { url: 'https://h.example:7878', fingerprint } }],
    [`${token}\n`, { token }],
    [`# a comment\ntoken = ${token}\nhub = "https://h.example:7878"\n`, { token, hub: { url: 'https://h.example:7878', fingerprint: null } }],
  ])('is read from %s', (text, expected) => expect(parseGiven(text, 'agent.conf')).toEqual(expected));

  it.each(['', 'nonsense', 'hub = https://h.example', `holdfast://join?hub=https%3A%2F%2Fh&token=${encodeURIComponent(token)}`])('is refused in %s without being quoted', (text) => {
    expect(() => parseGiven(text, 'agent.conf')).toThrow(/agent\.conf/);
  });

  it('goes to the hub that was named, else to that of its link, else to the one joined, else to the local one', async () => {
    const joined = { url: 'https://joined.example', fingerprint: null };
    const local = { url: 'https://127.0.0.1:1', fingerprint };
    const ask = (env: Record<string, string>, more: { hub?: string; joined?: typeof joined | null } = {}) =>
      givenIdentity({ env, agentConf: '/nowhere/agent.conf', joined: null, localHub: () => Promise.resolve(local), ...more });
    expect(await ask({})).toBeNull();
    expect(await ask({ HOLDFAST_AGENT_TOKEN: link, HOLDFAST_HUB: 'https://env.example' }, { hub: 'https://option.example', joined })).toMatchObject({ url: 'https://option.example' });
    expect(await ask({ HOLDFAST_AGENT_TOKEN: link, HOLDFAST_HUB: 'https://env.example' }, { joined })).toMatchObject({ url: 'https://env.example' });
    expect(await ask({ HOLDFAST_AGENT_TOKEN: link }, { joined })).toMatchObject({ url: 'https://h.example:7878', fingerprint });
    expect(await ask({ HOLDFAST_AGENT_TOKEN: token }, { joined })).toMatchObject({ url: 'https://joined.example', token });
    expect(await ask({ HOLDFAST_AGENT_TOKEN: token })).toMatchObject({ ...local, token });
  });
});

describe('words of the command line', () => {
  it.each([['500', 500], ['50k', 51_200], ['1.5M', 1_572_864], ['2GiB', 2 ** 31]])('size %s', (text, bytes) => expect(parseSize(text)).toBe(bytes));
  it.each(['', 'big', '-1', '5 apples'])('no size: %s', (text) => expect(() => parseSize(text)).toThrow(/not a size/));

  it.each([['0.0.0.0:7878', { host: '0.0.0.0', port: 7878 }], [':0', { host: '0.0.0.0', port: 0 }], ['[::1]:80', { host: '::1', port: 80 }], ['h:70000', undefined], ['7878', undefined]])(
    'listen %s', (text, expected) => expect(parseListen(text)).toEqual(expected));

  const words = { name: 'Docs', paths: ['docs'], repo: 'repo', keep: {} };
  it('makes a job with absolute paths and one destination id per place', () => {
    const draft = jobDraft({ ...words, every: '6h', keep: { keepDaily: 7, keepLast: undefined } }, '/home/me');
    expect(draft).toMatchObject({
      sources: [{ paths: ['/home/me/docs'] }], destination: { url: '/home/me/repo', name: 'repo' }, schedule: { type: 'every', minutes: 360 }, retention: { keepDaily: 7 },
    });
    expect(draft.destination.id).toBe(jobDraft({ ...words, repo: '/home/me/repo' }, '/').destination.id);
  });

  it('knows days and times', () => {
    expect(jobDraft({ ...words, hookPre: 'before.sh', hookFailure: '/opt/tell', hookLimit: 10 }, '/home/me').hooks).toEqual({ pre: '/home/me/before.sh', onFailure: '/opt/tell', timeLimitMinutes: 10 });
    expect(jobDraft({ ...words, at: ['12:30'], days: 'mon,Fri' }, '/').schedule).toEqual({ type: 'times', times: ['12:30'], days: [1, 5] });
    expect(jobDraft({ ...words, cron: '0 3 * * *' }, '/').schedule).toEqual({ type: 'cron', expression: '0 3 * * *' });
    expect(jobDraft(words, '/').schedule).toEqual({ type: 'manual' });
  });

  it.each([[{ every: '6h', cron: 'x' }, /one of/], [{ every: 'soon' }, /span of time/], [{ days: 'mon' }, /belongs to/], [{ at: ['25:00'] }, /HH:MM/], [{ at: ['12:00'], days: 'noday' }, /weekday/]])(
    'refuses %j', (change, message) => expect(() => jobDraft({ ...words, ...change }, '/')).toThrow(message));

  it('shows progress and tables', () => {
    const progress = { message_type: 'status' as const, action: 'backup' as const, seconds_elapsed: 1, percent_done: 0.5, files_done: 2, bytes_done: 1024, error_count: 0 };
    expect(progressText(progress)).toBe('Backing up  2 files  1.00 KiB');
    expect(progressText({ ...progress, total_files: 4, total_bytes: 2048, current_files: ['/a'] })).toBe('Backing up  50%  2 files  1.00 KiB of 2.00 KiB  /a');
    expect(table(['A', 'B'], [['long', 'x'], ['s', 'y']])).toBe('A     B\nlong  x\ns     y');
  });
});
