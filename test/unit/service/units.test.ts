import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { HoldfastError } from '../../../main/shared/errors.js';
import { marker } from '../../../main/platform/service/owned-file.js';
import type { ServiceProgram } from '../../../main/platform/service/service.js';
import { commandLine, renderUnit } from '../../../main/platform/service/systemd/render.js';
import { hostileValues } from '../../helpers/hostile-values.js';
import { run } from '../../helpers/processes.js';
import { tempFolder } from '../../helpers/temp.js';

const headless = (command: readonly [string, ...string[]], environment = {}): ServiceProgram => ({ command, environment, variant: 'headless' });

test('a unit for a server starts the agent at boot and again after a crash, but not for ever', () => {
  expect(renderUnit('holdfast.service', headless(['/usr/bin/node', '/opt/holdfast/holdfast.js', 'agent'], { HOLDFAST_DATA: '/srv/a b' }))).toBe(`\
# ${marker} "holdfast service install" replaces this file and "holdfast service uninstall" removes it.
# Changes of your own go into a drop-in: systemctl --user edit holdfast.service
[Unit]
Description=Holdfast backup agent
StartLimitIntervalSec=120
StartLimitBurst=5

[Service]
Type=simple
NotifyAccess=main
ExecStart="/usr/bin/node" "/opt/holdfast/holdfast.js" "agent"
Environment="HOLDFAST_DATA=/srv/a b"
Restart=on-failure
RestartSec=2
RestartPreventExitStatus=2
SuccessExitStatus=75
RestartForceExitStatus=75
KillMode=mixed
TimeoutStopSec=30
SyslogIdentifier=holdfast
UMask=0077
NoNewPrivileges=yes
LockPersonality=yes
RestrictRealtime=yes

[Install]
WantedBy=default.target
`);
});

test('a unit for a desktop comes and goes with the graphical session', () => {
  const unit = renderUnit('holdfast.service', { command: ['/opt/Holdfast/holdfast', '--background'], environment: {}, variant: 'graphical' });
  expect(unit).toContain('ExecStart="/opt/Holdfast/holdfast" "--background"\n');
  expect(unit).toContain('PartOf=graphical-session.target\n');
  expect(unit).toContain('WantedBy=graphical-session.target\n');
  expect(unit).not.toContain('NoNewPrivileges'); // Chromium's set-uid sandbox gains privileges
});

test('values are quoted for where they stand', () => {
  expect(commandLine(['/a b%/$x/node', '$HOME', '100%', 'a"b', 'c\\d'])).toBe('"/a b%%/$x/node" "$$HOME" "100%%" "a\\"b" "c\\\\d"');
  expect(renderUnit('x', headless(['/x'], { HOLDFAST_DATA: '/$a/%b' }))).toContain('Environment="HOLDFAST_DATA=/$a/%%b"\n');
});

test.each(['two\nlines', 'return\r', 'bell\u0007', 'zero\0', 'not utf-8 \ufffd'])('a name that no unit can carry is refused: %j', (value) => {
  expect(() => commandLine([`/opt/${value}/node`])).toThrow(HoldfastError);
  expect(() => commandLine(['/usr/bin/node', value])).toThrow(/service file cannot carry that; rename it\.$/);
  expect(() => renderUnit('x', headless(['/x'], { HOLDFAST_DATA: value }))).toThrow(/^HOLDFAST_DATA contains/);
});

test('systemd itself reads every unit without a complaint', { timeout: 60_000 }, async () => {
  const folder = tempFolder();
  const units = hostileValues.flatMap((value, index) => (['headless', 'graphical'] as const).map((variant) => {
    const home = path.join(folder, value);
    mkdirSync(home, { recursive: true });
    if (variant === 'headless') symlinkSync(process.execPath, path.join(home, 'node'));
    const unit = path.join(folder, `${variant}-${index}.service`);
    writeFileSync(unit, renderUnit(path.basename(unit), { command: [path.join(home, 'node'), value], environment: { HOLDFAST_DATA: home }, variant }));
    return unit;
  }));
  const { code, stderr, stdout } = await run('systemd-analyze', ['--user', '--man=no', 'verify', ...units], { env: { XDG_RUNTIME_DIR: folder } });
  // Complaints about the computer's own units are none of ours.
  expect(`${stdout}${stderr}`.split('\n').filter((line) => line.includes(folder))).toEqual([]);
  expect(code).toBe(0);
});
