import { describe, expect, it } from 'vitest';
import { createAgent } from '../../../main/agent/agent.js';
import { DestinationKeys } from '../../../main/agent/destinations/keys.js';
import { parseSettings, settingQuestions } from '../../../main/backup/destination/settings.js';
import { HoldfastError } from '../../../main/shared/errors.js';
import { createWorld, ManualClock, memorySecrets, settle, someJob } from '../../helpers/agent-world.js';

const minute = 60_000;
const office = { id: 'office', name: 'Office', url: 's3:https://s3.example/bucket' };
const keys = { 'access-key-id': 'id', 'secret-access-key': 'hush' };

describe('keys of destinations', () => {
  it('go with their address and to no other', async () => {
    const kept = new DestinationKeys(memorySecrets(), new ManualClock());
    expect(await kept.place(office)).toEqual({ url: office.url });
    await kept.set(office, keys);
    expect(await kept.place(office)).toEqual({ url: office.url, backend: keys });
    await expect(kept.place({ ...office, url: 's3:https://elsewhere.example/bucket' })).rejects.toMatchObject({ code: 'policy-refused' });
    await kept.set(office, null);
    expect(await kept.place(office)).toEqual({ url: office.url });
  });

  it('that are damaged are to be entered again', async () => {
    const secrets = memorySecrets();
    secrets.values.set('destination:office', '{ not JSON');
    await expect(new DestinationKeys(secrets, new ManualClock()).place(office)).rejects.toThrow(/Enter them again/);
  });

  it('are asked for in a sentence where they are missing; the schedule waits for them, and they reach the engine', async () => {
    const world = createWorld({ jobs: [someJob({ destination: office })], confirmed: ['office'] });
    let asked = 0;
    const places: unknown[] = [];
    world.engine.exists = (place) => {
      asked += 1;
      places.push(place);
      return place.backend === undefined ? Promise.reject(new HoldfastError('permission-denied', 'The server does not know you.')) : Promise.resolve(false);
    };
    const agent = createAgent(world.options);
    await agent.start();
    await agent.call('runJob', { jobId: 'job1' });
    await settle();
    const failed = await agent.call('state', {});
    expect(failed.runs[0]?.error?.message).toBe('The server does not know you. If it needs keys, enter them on this computer with "holdfast destination set office".');
    await world.clock.pass(30 * minute);
    expect(asked).toBe(1);
    await agent.call('setDestinationKeys', { destination: { id: office.id, url: office.url }, settings: keys });
    await agent.call('runJob', { jobId: 'job1' });
    await settle();
    expect(world.engine.orders[0]?.repository).toMatchObject({ url: office.url, backend: keys });
    expect(world.log.join('\n')).not.toContain('hush');
    await agent.close();
  });
});

describe('what is asked for', () => {
  it('follows from the kind of address; a folder needs nothing', () => {
    expect(settingQuestions('s3:https://x/y').map(({ name }) => name)).toEqual(['access-key-id', 'secret-access-key']);
    expect(() => settingQuestions('/media/disk')).toThrow(/needs no keys/);
  });

  it('is read from lines, and a wrong line is named without its text', () => {
    expect(parseSettings('# keys\r\nuser = anna\npassword=a=b c\n\n')).toEqual({ user: 'anna', password: 'a=b c' });
    expect(() => parseSettings('user=anna\nhush hush')).toThrow(/^Line 2 is not a setting(?!.*hush)/);
  });
});
