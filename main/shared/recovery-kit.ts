/** The recovery kit as words: one text for the file, the printed page and the screen. */
import type { RecoveryKit } from './control.js';

/** Why anyone should bother, in two sentences. */
export const recoveryKitReason =
  'Your backups are encrypted with the password below, and it exists only on this computer. '
  + 'If the computer is lost, stolen or broken, this kit is the only way to open them again.';

export const recoveryKitAdvice = 'Keep it away from this computer: on paper, on a USB stick, or in a password manager.';

/** A word for the shell: as it is where that is safe, otherwise in single quotes. */
export function shellWord(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}

/** How to get everything out with the official restic; it asks for the password. */
export function resticRestoreCommand(repositoryUrl: string, target = 'restored'): string {
  return `restic -r ${shellWord(repositoryUrl)} restore latest --target ${shellWord(target)}`;
}

/** The kit as plain text, 7-bit where the names are. */
export function recoveryKitText(kit: RecoveryKit): string {
  return [
    'HOLDFAST RECOVERY KIT',
    '',
    recoveryKitReason,
    recoveryKitAdvice,
    '',
    `Computer:    ${kit.computer}`,
    `Destination: ${kit.destinationName}`,
    `Repository:  ${kit.repositoryUrl}`,
    `Password:    ${kit.password}`,
    `Made on:     ${kit.createdAt.slice(0, 10)}`,
    '',
    'Holdfast on another computer opens this repository with the same password.',
    'To get your files back without Holdfast, use the free program restic (restic.net). It asks for the password:',
    '',
    `    ${resticRestoreCommand(kit.repositoryUrl)}`,
    '',
  ].join('\n');
}
