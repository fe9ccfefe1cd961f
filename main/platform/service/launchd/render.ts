/** A launchd agent's property list as text. Pure. Keys: launchd.plist(5). */
import type { ServiceProgram } from '../service.js';
import { marker, refuseUnwritable } from '../owned-file.js';

type Value = string | number | boolean | readonly string[] | { readonly [key: string]: Value };

export interface PlistOptions {
  readonly label: string;
  readonly program: ServiceProgram;
  /** Takes what the program prints before its own log is open. */
  readonly logFile: string;
}

/** @throws HoldfastError `usage` for a value with control characters, which XML cannot carry. */
export function renderPlist({ label, logFile, program }: PlistOptions): string {
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    '<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">',
    `<!-- ${marker} "holdfast service install" replaces this file and "holdfast service uninstall" removes it. -->`,
    '<plist version="1.0">',
    ...element(settings(label, program, logFile), ''),
    '</plist>',
    '',
  ].join('\n');
}

function settings(label: string, { command, environment, variant }: ServiceProgram, logFile: string): Value {
  return {
    Label: label,
    ProgramArguments: command,
    ...(Object.keys(environment).length === 0 ? {} : { EnvironmentVariables: environment }),
    RunAtLoad: true,
    // Started again after a crash or an error, not after its owner quit it.
    KeepAlive: { SuccessfulExit: false },
    // launchd waits this long between two starts, seconds; it never gives up.
    ThrottleInterval: 10,
    ProcessType: 'Background',
    // Without a login on the screen there is only the background session.
    LimitLoadToSessionType: variant === 'graphical' ? 'Aqua' : ['Aqua', 'Background'],
    ExitTimeOut: 30,
    Umask: 0o077,
    StandardOutPath: logFile,
    StandardErrorPath: logFile,
  };
}

function element(value: Value, indent: string): string[] {
  if (typeof value === 'string') return [`${indent}<string>${escaped(value)}</string>`];
  if (typeof value === 'number') return [`${indent}<integer>${value}</integer>`];
  if (typeof value === 'boolean') return [`${indent}<${value}/>`];
  const inner = `${indent}\t`;
  if (isList(value)) return [`${indent}<array>`, ...value.flatMap((entry) => element(entry, inner)), `${indent}</array>`];
  const entries = Object.entries(value).flatMap(([key, entry]) => [`${inner}<key>${escaped(key)}</key>`, ...element(entry, inner)]);
  return [`${indent}<dict>`, ...entries, `${indent}</dict>`];
}

const isList = (value: Value): value is readonly string[] => Array.isArray(value);

function escaped(text: string): string {
  refuseUnwritable('A value of the service', text);
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
