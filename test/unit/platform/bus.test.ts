import { expect, it } from 'vitest';
import { sessionBusAddress } from '../../../main/platform/dbus/bus.js';

it('there is no session bus where Chromium says that it is disabled', () => {
  expect(sessionBusAddress({ DBUS_SESSION_BUS_ADDRESS: 'disabled:' })).toBeNull();
  expect(sessionBusAddress({ DBUS_SESSION_BUS_ADDRESS: 'unix:path=/run/bus' })).toBe('unix:path=/run/bus');
  expect(sessionBusAddress({})).toBeNull();
});
