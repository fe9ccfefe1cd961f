/** The system's own tools (systemctl, loginctl, launchctl ...), each with a time limit. */
import { execFile } from 'node:child_process';
import { systemCode } from '../files/errors.js';
import type { Env } from './program.js';

export interface ToolResult {
  /** Null when the tool is not there or did not end in time. */
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly missing: boolean;
}

/** Runs a tool to its end. What it says is a result, never an error. */
export type Tool = (command: string, args: readonly string[]) => Promise<ToolResult>;

/** ms; stopping a service waits for its run to end, and a manager gives that 30 s. */
const patience = 60_000;

export function toolsWith(env: Env): Tool {
  return (command, args) => new Promise((resolve) => {
    // Texts are compared, so they must not be translated.
    const options = { env: { ...env, LC_ALL: 'C.UTF-8' }, timeout: patience, maxBuffer: 32 * 2 ** 20, encoding: 'utf8' } as const;
    execFile(command, [...args], options, (error, stdout, stderr) => {
      const code = error === null ? 0 : typeof error.code === 'number' ? error.code : null;
      resolve({ code, stdout, stderr: stderr.trim(), missing: systemCode(error) === 'ENOENT' });
    });
  });
}
