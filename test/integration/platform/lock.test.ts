import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { lockFolder, lockHolder } from '../../../main/platform/lock/lock.js';
import { start } from '../../helpers/processes.js';
import { tempFolder } from '../../helpers/temp.js';

const holder = fileURLToPath(new URL('lock-holder.mjs', import.meta.url));

describe('the lock of a data folder', () => {
  it('is held once, also within a process, and free after release', async () => {
    const file = path.join(tempFolder(), 'agent.lock');
    const lock = await lockFolder(file);
    expect(lock).not.toBeNull();
    expect(await lockFolder(file)).toBeNull();
    expect(lockHolder(file)).toBe(process.pid);
    lock?.release();
    lock?.release();
    const again = await lockFolder(file);
    expect(again).not.toBeNull();
    again?.release();
  });

  it('goes to one of many that start at once', async () => {
    const file = path.join(tempFolder(), 'agent.lock');
    const all = Array.from({ length: 6 }, () => start(process.execPath, [holder, file]));
    const said = await Promise.all(all.map(async (one) => (await one.line(/^(held|refused)$/))[0]));
    expect(said.filter((word) => word === 'held')).toHaveLength(1);
  });

  it('is freed by kill -9', async () => {
    const file = path.join(tempFolder(), 'agent.lock');
    const other = start(process.execPath, [holder, file]);
    await other.line(/^held$/);
    expect(await lockFolder(file)).toBeNull();
    expect(lockHolder(file)).toBe(other.pid);
    other.signal('SIGKILL');
    await other.ended;
    const lock = await lockFolder(file);
    expect(lock).not.toBeNull();
    lock?.release();
  });

  it('that cannot be made is a sentence', async () => {
    await expect(lockFolder(path.join(tempFolder(), 'missing', 'agent.lock'))).rejects.toMatchObject({ message: expect.stringContaining('Cannot open') });
  });
});
