import { describe, expect, it } from 'vitest';
import { answer, type WindowHandlers } from '../../../main/desktop/ipc/answer.js';
import type { AgentControl } from '../../../main/shared/control.js';
import { HoldfastError } from '../../../main/shared/errors.js';

const asked: unknown[] = [];
const control: Pick<AgentControl, 'call'> = {
  call: (method, params) => {
    asked.push([method, params]);
    return Promise.reject(new HoldfastError('not-found', 'That job is not on this computer any more.'));
  },
};
const never = (): Promise<never> => Promise.reject(new Error('secret detail\n    at somewhere.ts:1'));
const handlers: WindowHandlers = {
  chooseRestoreFolder: never, chooseDumpFile: never, openRestored: never, chooseFolders: () => Promise.resolve({ paths: ['/a'] }), chooseDestination: never, suggestFolders: never, suggestDestinations: never, judgeDestination: never,
  saveRecoveryKit: never, printRecoveryKit: never, copyText: never, openExternal: never, openKeyPage: never, about: never, useOwnHub: never, ownHub: never, openOwnHub: never, openDashboard: never,
  startup: never, setStartup: never, settings: never, changeSettings: never, checkForUpdates: never, openLogs: never, removal: never, removeHoldfast: never,
};

describe('what a page asks', () => {
  it('reaches the window or the agent', async () => {
    expect(await answer({ method: 'chooseFolders', params: {} }, control, handlers)).toEqual({ ok: true, result: { paths: ['/a'] } });
    expect(await answer({ method: 'runJob', params: { jobId: 'j' } }, control, handlers)).toMatchObject({ ok: false, error: { code: 'not-found' } });
    expect(asked).toEqual([['runJob', { jobId: 'j' }]]);
  });

  it.each([null, 'state', { method: 'constructor', params: {} }, { method: '__proto__', params: {} }, { method: 'format', params: {} }])('is refused when it is unknown: %j', async (message) => {
    expect(await answer(message, control, handlers)).toMatchObject({ ok: false, error: { code: 'usage' } });
  });

  it('is refused when its parameters do not fit', async () => {
    expect(await answer({ method: 'runJob', params: { jobId: '../x' } }, control, handlers)).toMatchObject({ ok: false, error: { code: 'usage' } });
    expect(await answer({ method: 'openExternal', params: { page: 'https://evil.example' } }, control, handlers)).toMatchObject({ ok: false, error: { code: 'usage' } });
    expect(asked).toHaveLength(1);
  });

  it('is answered with a sentence and never with a stack', async () => {
    const reply = await answer({ method: 'about', params: {} }, control, handlers);
    expect(reply).toMatchObject({ ok: false, error: { code: 'internal' } });
    expect(JSON.stringify(reply)).not.toContain('somewhere.ts');
  });
});
