/** Go's os.FileMode bits, which restic stores, from and to Unix's st_mode. */
import type { NodeType } from '../types.js';

const go = {
  dir: 2 ** 31, symlink: 2 ** 27, device: 2 ** 26, pipe: 2 ** 25, socket: 2 ** 24,
  setuid: 2 ** 23, setgid: 2 ** 22, char: 2 ** 21, sticky: 2 ** 20, irregular: 2 ** 19,
} as const;

export const fileTypeMask = 0o170000;
const types: Record<number, { type: NodeType; bits: number }> = {
  [0o100000]: { type: 'file', bits: 0 },
  [0o040000]: { type: 'dir', bits: go.dir },
  [0o120000]: { type: 'symlink', bits: go.symlink },
  [0o060000]: { type: 'dev', bits: go.device },
  [0o020000]: { type: 'chardev', bits: go.device + go.char },
  [0o010000]: { type: 'fifo', bits: go.pipe },
  [0o140000]: { type: 'socket', bits: go.socket },
};

export function typeOf(unixMode: number): NodeType {
  return types[unixMode & fileTypeMask]?.type ?? 'irregular';
}

export function goMode(unixMode: number): number {
  let mode = (unixMode & 0o777) + (types[unixMode & fileTypeMask]?.bits ?? go.irregular);
  if (unixMode & 0o4000) mode += go.setuid;
  if (unixMode & 0o2000) mode += go.setgid;
  if (unixMode & 0o1000) mode += go.sticky;
  return mode;
}

const has = (mode: number, bit: number): boolean => Math.floor(mode / bit) % 2 === 1;

/** Permission bits for chmod, with setuid, setgid and sticky. */
export function unixPermissions(mode: number): number {
  return (mode % 0o1000) + (has(mode, go.setuid) ? 0o4000 : 0) + (has(mode, go.setgid) ? 0o2000 : 0) + (has(mode, go.sticky) ? 0o1000 : 0);
}

/** As Go prints a file mode: `drwxr-xr-x`, `Dcrw-rw----`, `urwxr-xr-x` ... */
export function permissionText(mode: number): string {
  const letters = 'dalTLDpSugct?';
  let out = '';
  for (let i = 0; i < letters.length; i++) if (has(mode, 2 ** (31 - i))) out += letters[i];
  if (out === '') out = '-';
  const rwx = 'rwxrwxrwx';
  for (let i = 0; i < 9; i++) out += has(mode, 2 ** (8 - i)) ? rwx[i] : '-';
  return out;
}
