/**
 * Starts the tray app's unit at login on desktops that do not start graphical-session.target: an entry as the Desktop Application Autostart
 * Specification has it (https://specifications.freedesktop.org/autostart-spec/). It starts the unit and never a program of its own, so
 * there is one agent however many ways lead to it.
 */
import path from 'node:path';
import { marker, readServiceFile, removeServiceFile, writeServiceFile, type ServiceFile } from '../owned-file.js';
import type { Env } from '../program.js';

/** @param unit with the suffix `.service`; of letters, digits, dots and dashes */
export function renderAutostart(unit: string): string {
  // The unit finds the screen only where the user manager was told of it, and the last log-out may have looked like crashes.
  const start = [`import-environment DISPLAY XAUTHORITY WAYLAND_DISPLAY`, `reset-failed ${unit}`, `start ${unit}`].map((words) => `systemctl --user ${words}`).join('; ');
  return [
    '[Desktop Entry]',
    `# ${marker} "holdfast service install" replaces this file and "holdfast service uninstall" removes it.`,
    'Type=Application',
    'Name=Holdfast',
    `Comment=Starts ${unit} where the desktop does not do that itself`,
    'TryExec=systemctl',
    `Exec=/bin/sh -c "${start}"`,
    'NoDisplay=true',
    // A login that systemd makes starts the target: systemd-xdg-autostart-generator(8).
    'X-systemd-skip=true',
    'X-GNOME-HiddenUnderSystemd=true',
    '',
  ].join('\n');
}

/** The entry of one unit, in its user's folder. An entry of that name that somebody else wrote is left alone. */
export class Autostart {
  private readonly file: string;
  private readonly text: string;

  constructor(unit: string, { env, home }: { readonly env: Env; readonly home: string }) {
    this.file = path.join(env['XDG_CONFIG_HOME'] || path.join(home, '.config'), 'autostart', `${path.basename(unit, '.service')}.desktop`);
    this.text = renderAutostart(unit);
  }

  async isCurrent(): Promise<boolean> {
    const found = await this.find();
    return found.owner === 'other' || (found.owner === 'holdfast' && found.text === this.text);
  }

  async install(): Promise<void> {
    if (!(await this.isCurrent())) await writeServiceFile(this.file, this.text);
  }

  async uninstall(): Promise<void> {
    if ((await this.find()).owner === 'holdfast') await removeServiceFile(this.file, 1);
  }

  private find(): Promise<ServiceFile> {
    return readServiceFile(this.file);
  }
}
