/**
 * A systemd user unit as text. Pure. Rules of quoting: systemd.syntax(7) "Quoting", systemd.unit(5) "Specifiers" and
 * systemd.service(5) "Command lines" (https://www.freedesktop.org/software/systemd/man/systemd.service.html#Command%20lines).
 */
import { startMeAgain } from '../replaced.js';
import type { ServiceProgram } from '../service.js';
import { marker, refuseUnwritable } from '../owned-file.js';

/** Crashes within `crashWindow` seconds after which systemd gives up. */
export const crashLimit = 5;
const crashWindow = 120;

/** @throws HoldfastError `usage` for a value with control characters. */
export function renderUnit(name: string, program: ServiceProgram): string {
  const { environment, variant } = program;
  const lines = [
    `# ${marker} "holdfast service install" replaces this file and "holdfast service uninstall" removes it.`,
    `# Changes of your own go into a drop-in: systemctl --user edit ${name}`,
    '[Unit]',
    'Description=Holdfast backup agent',
    ...(variant === 'graphical' ? ['PartOf=graphical-session.target', 'After=graphical-session.target'] : []),
    `StartLimitIntervalSec=${crashWindow}`,
    `StartLimitBurst=${crashLimit}`,
    '',
    '[Service]',
    'Type=simple',
    ...(variant === 'headless' ? ['NotifyAccess=main'] : []), // its status line, for `systemctl status`
    `ExecStart=${commandLine(program.command)}`,
    ...Object.entries(environment).map(([key, value]) => `Environment=${assignment(key, value)}`),
    'Restart=on-failure',
    'RestartSec=2',
    // Wrong usage stays wrong.
    'RestartPreventExitStatus=2',
    // Asked for, and no failure.
    `SuccessExitStatus=${startMeAgain}`,
    `RestartForceExitStatus=${startMeAgain}`,
    // The agent ends its own helpers, so that a run stops in order; what is left after that is killed.
    'KillMode=mixed',
    'TimeoutStopSec=30',
    'SyslogIdentifier=holdfast',
    'UMask=0077',
    ...(variant === 'headless' ? hardening : []),
    '',
    '[Install]',
    `WantedBy=${variant === 'graphical' ? 'graphical-session.target' : 'default.target'}`,
  ];
  return `${lines.join('\n')}\n`;
}

/**
 * Nothing here hides or write-protects a file: a backup has to read all and a restore has to write anywhere, set-uid files too.
 * In the tray app even these would break Chromium's set-uid sandbox.
 */
const hardening = ['NoNewPrivileges=yes', 'LockPersonality=yes', 'RestrictRealtime=yes'];

/** The program and its arguments, each quoted. */
export function commandLine([executable, ...args]: readonly [string, ...string[]]): string {
  refuseUnwritable('The path of the program', executable);
  for (const arg of args) refuseUnwritable('An argument of the service', arg);
  // systemd refuses quotes and backslashes in the executable's own name, however they are escaped; a shell takes them as an argument.
  if (/["'\\]/.test(executable)) return [quoted('/bin/sh'), ...['-c', 'exec "$@"', 'sh', executable, ...args].map(argument)].join(' ');
  return [quoted(executable), ...args.map(argument)].join(' ');
}

/** Variables are expanded in arguments, but neither in the executable's name nor in Environment=. */
const argument = (value: string): string => quoted(value.replaceAll('$', '$$$$'));

function assignment(name: string, value: string): string {
  refuseUnwritable(name, value);
  return quoted(`${name}=${value}`);
}

const quoted = (value: string): string => `"${value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('%', '%%')}"`;
