/** The real app under Playwright: its own home and data folder, real clicks. Only the system's dialogs are answered by the test. */
import { mkdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { AxeBuilder } from '@axe-core/playwright';
import { _electron, type ElectronApplication, type Page } from 'playwright-core';
import { expect, onTestFinished } from 'vitest';
import { z } from 'zod';
import { agentStateSchema, type AgentState } from '../../main/shared/control.js';
import { ipcReplySchema } from '../../main/shared/ipc.js';
import type { IpcBridge } from '../../main/shared/ipc.js';
import { tempFolder } from '../helpers/temp.js';
import type { TrayIcon } from '../helpers/tray.js';
import { until } from '../helpers/until.js';

const root = path.resolve(import.meta.dirname, '../..');
/** The electron package answers with the path of its binary. */
const executable = z.string().parse(createRequire(import.meta.url)('electron'));
const shots = path.join(root, 'test-results');

export interface AppOptions {
  /** Command line after the app's folder. */
  readonly args?: readonly string[];
  /** Folders of an earlier start. */
  readonly folders?: AppFolders;
}

export interface AppFolders {
  readonly home: string;
  readonly data: string;
}

export interface App {
  readonly electron: ElectronApplication;
  readonly folders: AppFolders;
  readonly pid: number;
  readonly output: readonly string[];
  /** The window, as soon as it is there. */
  page(): Promise<Page>;
  /** Ends the app as its owner's "Quit" would, and resolves when the process is gone. */
  stop(): Promise<void>;
  /** Resolves when the process is gone, whatever ended it. */
  readonly ended: Promise<void>;
}

export function appFolders(): AppFolders {
  const folder = tempFolder();
  const folders = { home: path.join(folder, 'home'), data: path.join(folder, 'data') };
  for (const each of Object.values(folders)) mkdirSync(each, { mode: 0o700 });
  return folders;
}

export const appEnvironment = ({ data, home }: AppFolders): Record<string, string> => ({
  ...Object.fromEntries(Object.entries(process.env).filter((entry): entry is [string, string] => entry[1] !== undefined)),
  HOME: home, HOLDFAST_DATA: data,
});

export const appCommand = (args: readonly string[]): { command: string; args: string[] } => ({ command: executable, args: ['--no-sandbox', root, ...args] });

export async function startApp({ args = [], folders = appFolders() }: AppOptions = {}): Promise<App> {
  const electron = await _electron.launch({ executablePath: executable, args: [root, ...args], env: appEnvironment(folders), timeout: 60_000 });
  const child = electron.process();
  const output: string[] = [];
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (piece: Buffer) => output.push(piece.toString()));
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const stop = async (): Promise<void> => {
    if (child.exitCode === null && child.signalCode === null) child.kill('SIGTERM');
    const timer = setTimeout(() => child.kill('SIGKILL'), 25_000);
    await ended;
    clearTimeout(timer);
  };
  onTestFinished(stop);
  return {
    electron, folders, output, stop, ended,
    pid: child.pid ?? 0,
    page: async () => {
      const page = electron.windows()[0] ?? await electron.waitForEvent('window', { timeout: 30_000 });
      await page.waitForSelector('h1', { timeout: 30_000 });
      return page;
    },
  };
}

declare global {
  interface Window {
    readonly holdfast: IpcBridge;
  }
}

/** From now on every question of the system's dialogs is answered with this button; what only informs is closed. */
export const answerDialog = (app: App, response: number): Promise<void> => app.electron.evaluate(({ dialog }, button) => {
  dialog.showMessageBox = (() => Promise.resolve({ response: button, checkboxChecked: false })) as typeof dialog.showMessageBox;
}, response);

/** Asks over the page's own bridge, as its buttons do. */
export async function ask(page: Page, method: string, params: object = {}): Promise<unknown> {
  const answer = await page.evaluate(([name, body]) => window.holdfast.call({ method: name as 'state', params: body }), [method, params] as const);
  const reply = ipcReplySchema.parse(answer);
  if (!reply.ok) throw new Error(`${method}: ${reply.error.message}`);
  return reply.result;
}

export const stateOf = async (page: Page): Promise<AgentState> => agentStateSchema.parse(await ask(page, 'state'));

export const connected = (page: Page): Promise<AgentState> => until('the agent is connected', async () => {
  const state = await stateOf(page);
  return state.connection.state === 'connected' && state;
});

/** Sets a job up through the bridge; the clicks have a test of their own. @returns its id. */
export async function makeJob(page: Page, paths: string[], url: string, destinationId = 'test'): Promise<string> {
  await connected(page);
  const destination = { id: destinationId, name: 'Test disk', url };
  await ask(page, 'prepareDestination', { destination, password: null });
  await ask(page, 'confirmRecoveryKit', { destinationId });
  const draft = { name: 'Documents', sources: [{ type: 'files', paths }], destination, schedule: { type: 'manual' } };
  const { job } = z.object({ job: z.object({ id: z.string() }) }).parse(await ask(page, 'createJob', { draft }));
  await until('the job is on this computer', async () => (await stateOf(page)).jobs.some((view) => view.job.id === job.id));
  return job.id;
}

export async function passwordOf(page: Page, destinationId = 'test'): Promise<string> {
  return z.object({ password: z.string() }).parse(await ask(page, 'recoveryKit', { destinationId })).password;
}

/** A picture of the window for whoever looks at the results. */
export async function picture(page: Page, name: string): Promise<void> {
  mkdirSync(shots, { recursive: true });
  await page.screenshot({ path: path.join(shots, `${name}.png`), animations: 'disabled' });
}

/** Axe finds nothing that keeps a person from using this page, in light and in dark. */
export async function expectAccessible(page: Page): Promise<void> {
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
    // Colours on their way from one scheme to the other are not what a person reads.
    await page.evaluate(async () => {
      await new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)));
      await Promise.allSettled(document.getAnimations().map((animation) => animation.finished));
    });
    const { violations } = await new AxeBuilder({ page }).setLegacyMode().withTags(['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']).analyze();
    const found = violations.map((violation) => `${colorScheme}: ${violation.id} (${violation.impact ?? ''}): ${violation.help}: ${violation.nodes.map((node) => node.html.slice(0, 160)).join(' | ')}`);
    expect(found).toEqual([]);
  }
  await page.emulateMedia({ colorScheme: 'light' });
}


/** Clicks an item of the tray menu; once more when the app replaced its menu between looking and clicking. */
export async function clickTray(tray: TrayIcon, label: string): Promise<void> {
  await until(`"${label}" is clicked`, () => tray.click(label).then(() => true));
}
