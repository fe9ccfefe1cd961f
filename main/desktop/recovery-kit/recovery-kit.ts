/** Saving and printing the recovery kit. The page lives in a hidden window without scripts, for as long as that takes. */
import { chmod, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { BrowserWindow, dialog } from 'electron';
import type { RecoveryKit } from '../../shared/control.js';
import { HoldfastError } from '../../shared/errors.js';
import { recoveryKitText } from '../../shared/recovery-kit.js';
import { recoveryKitPage } from './page.js';

/** @param folder where the dialog opens. @returns the file, or null when the dialog was cancelled. */
export async function saveRecoveryKit(kit: RecoveryKit, parent: BrowserWindow, folder: string): Promise<string | null> {
  const { canceled, filePath } = await dialog.showSaveDialog(parent, {
    title: 'Save the recovery kit',
    defaultPath: path.join(folder, `Holdfast recovery kit ${kit.computer}.pdf`),
    filters: [{ name: 'PDF document', extensions: ['pdf'] }, { name: 'Plain text', extensions: ['txt'] }],
  });
  if (canceled || filePath === '') return null;
  const content = path.extname(filePath).toLowerCase() === '.txt'
    ? recoveryKitText(kit)
    : await onPage(kit, (page) => page.webContents.printToPDF({ pageSize: 'A4', preferCSSPageSize: true }));
  try {
    await writeFile(filePath, content, { mode: 0o600, flush: true });
    await chmod(filePath, 0o600); // a file that was there keeps its mode otherwise
  } catch (cause) {
    const why = cause instanceof Error && 'code' in cause ? ` (${String(cause.code)})` : '';
    throw new HoldfastError('destination-failed', `The recovery kit could not be written to ${filePath}${why}. Choose another folder.`, { cause });
  }
  return filePath;
}

/** @returns false when the print dialog was cancelled. @throws HoldfastError when there is no printer or it refuses. */
export function printRecoveryKit(kit: RecoveryKit): Promise<boolean> {
  return onPage(kit, (page) => new Promise((resolve, reject) => {
    page.webContents.print({ silent: false, printBackground: false }, (success, reason) => {
      if (success) resolve(true);
      else if (/cancel/i.test(reason)) resolve(false);
      else reject(new HoldfastError('destination-failed', 'The recovery kit could not be printed. Check the printer, or save the kit to a file.'));
    });
  }));
}

async function onPage<T>(kit: RecoveryKit, use: (page: BrowserWindow) => Promise<T>): Promise<T> {
  const page = new BrowserWindow({
    show: false,
    webPreferences: { sandbox: true, contextIsolation: true, nodeIntegration: false, javascript: false, partition: 'recovery-kit' },
  });
  try {
    await page.loadURL(`data:text/html;charset=utf-8;base64,${Buffer.from(recoveryKitPage(kit)).toString('base64')}`);
    return await use(page);
  } finally {
    page.destroy();
  }
}
