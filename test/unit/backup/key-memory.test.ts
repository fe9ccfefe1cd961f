/** Opened keys in memory that two threads share. */
import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { newMasterKey } from '../../../main/backup/format/key.js';
import { KeyMemory } from '../../../main/backup/repository/key-memory.js';

const id = (): string => randomBytes(32).toString('hex');

describe('the memory of opened keys', () => {
  it('gives a key to whoever knows its password, in another thread as well', () => {
    const memory = new KeyMemory();
    const [key, keys] = [id(), newMasterKey()];
    memory.keep(key, 'right', keys);
    expect(new KeyMemory(memory.shared).find(key, 'right')).toEqual(keys);
    expect(memory.find(key, 'wrong')).toBeNull();
    expect(memory.find(id(), 'right')).toBeNull();
    memory.forget();
    expect(memory.find(key, 'right')).toBeNull();
    expect(Buffer.from(memory.shared).includes(Buffer.from(keys.encrypt))).toBe(false);
  });

  it('holds as many as it has room for, the newest ones', () => {
    const memory = new KeyMemory();
    const all = Array.from({ length: 40 }, () => ({ key: id(), keys: newMasterKey() }));
    for (const { key, keys } of all) memory.keep(key, 'pw', keys);
    expect(all.map(({ key }) => memory.find(key, 'pw') !== null)).toEqual([...Array<boolean>(8).fill(false), ...Array<boolean>(32).fill(true)]);
    expect(memory.find(all[39]?.key ?? '', 'pw')).toEqual(all[39]?.keys);
    expect(new KeyMemory().find(all[39]?.key ?? '', 'pw')).toBeNull();
  });
});
