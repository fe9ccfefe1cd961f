import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { Autostart, renderAutostart } from '../../../main/platform/service/systemd/autostart.js';
import { tempFolder } from '../../helpers/temp.js';

test('an entry for desktops starts the unit and no program of its own', () => {
  expect(renderAutostart('holdfast-01234567.service').split('\n').filter((line) => /^(Exec|X-systemd-skip)=/.test(line))).toEqual([
    'Exec=/bin/sh -c "systemctl --user import-environment DISPLAY XAUTHORITY WAYLAND_DISPLAY; systemctl --user reset-failed holdfast-01234567.service; systemctl --user start holdfast-01234567.service"',
    'X-systemd-skip=true',
  ]);
});

test('it is written, corrected and removed; one that somebody else wrote is left alone', async () => {
  const home = tempFolder();
  const folder = path.join(home, '.config/autostart');
  const file = path.join(folder, 'holdfast.desktop');
  const autostart = new Autostart('holdfast.service', { env: {}, home });
  expect(await autostart.isCurrent()).toBe(false);
  await autostart.install();
  expect(await autostart.isCurrent()).toBe(true);
  writeFileSync(file, `${readFileSync(file, 'utf8')}Hidden=true\n`);
  expect(await autostart.isCurrent()).toBe(false);
  await autostart.install();
  expect(readFileSync(file, 'utf8')).toBe(renderAutostart('holdfast.service'));
  await autostart.uninstall();
  expect(existsSync(folder)).toBe(false);

  mkdirSync(folder);
  writeFileSync(file, '[Desktop Entry]\nType=Application\nName=Mine\nExec=holdfast --background\n');
  await autostart.install();
  await autostart.uninstall();
  expect(readFileSync(file, 'utf8')).toContain('Name=Mine');
  expect(await autostart.isCurrent()).toBe(true);
  // Where the desktop looks is said by the user's environment.
  await new Autostart('holdfast.service', { env: { XDG_CONFIG_HOME: path.join(home, 'config') }, home }).install();
  expect(existsSync(path.join(home, 'config/autostart/holdfast.desktop'))).toBe(true);
});
