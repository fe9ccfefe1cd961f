/**
 * Is the hub that this computer joined one that the same user runs on this computer? It is, when the private key of the
 * certificate that the tunnel pins lies in a hub's folder of this user here. The hub proves in TLS that it has that key; that the
 * folder is this user's own, only this user can bring about. Nothing that a hub says is asked for.
 */
import { createHash, createPrivateKey, X509Certificate } from 'node:crypto';
import { lstat, readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { runtimeFolder } from './runtime-folder.js';

/** Hubs of one user on one computer; more are not looked at. */
const most = 64;

/**
 * @param fingerprint of the certificate that the tunnel accepts, SHA-256 of its DER form; null when it pins none, which proves nothing.
 * @param hubFolder of this data folder; hubs of other data folders tell of themselves in the user's runtime folder.
 */
export async function isOwnHub(fingerprint: string | null, hubFolder: string): Promise<boolean> {
  if (fingerprint === null) return false;
  if (await holdsKey(hubFolder, fingerprint)) return true;
  for (const folder of await announcedHubs()) if (await holdsKey(folder, fingerprint)) return true;
  return false;
}

async function announcedHubs(): Promise<string[]> {
  try {
    const folder = await runtimeFolder();
    if (folder === null) return [];
    const names = (await readdir(folder)).filter((name) => name.endsWith('.hub')).slice(0, most);
    const folders = await Promise.all(names.map((name) => readFile(path.join(folder, name), 'utf8').catch(() => '')));
    return folders.filter((each) => path.isAbsolute(each));
  } catch {
    return []; // what cannot be read proves nothing
  }
}

export async function holdsKey(folder: string, fingerprint: string): Promise<boolean> {
  try {
    const keyFile = path.join(folder, 'hub-key.pem');
    if (!(await isPrivate(folder)) || !(await isPrivate(keyFile))) return false;
    const certificate = new X509Certificate(await readFile(path.join(folder, 'hub-certificate.pem')));
    if (createHash('sha256').update(certificate.raw).digest('hex') !== fingerprint) return false;
    return certificate.checkPrivateKey(createPrivateKey(await readFile(keyFile)));
  } catch {
    return false;
  }
}

/** This user's, no link, and closed to all others. */
async function isPrivate(file: string): Promise<boolean> {
  const found = await lstat(file);
  return !found.isSymbolicLink() && found.uid === process.getuid?.() && (found.mode & 0o077) === 0;
}
