/** The packages that a hub hands out: files in a folder, known by their names. Each is hashed once, and again when it changes. */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';

export interface Package {
  readonly file: string;
  /** Null for what a person installs: the desktop app's own packages. */
  readonly headless: { readonly version: string; readonly platform: string } | null;
  readonly bytes: number;
}

/** `holdfast-headless-0.1.0-linux-x64.tgz`, as `npm run package:headless` names it. */
const headlessName = /^holdfast-headless-(\d+\.\d+\.\d+(?:-[0-9A-Za-z.-]+?)?)-((?:linux|darwin)-(?:x64|arm64))\.tgz$/;
/** Nothing else of the folder is handed out. The last are what the app looks into for updates. */
const anyName = /^(holdfast-[0-9A-Za-z._-]+\.(tgz|tar\.gz|deb|rpm|AppImage|dmg|zip)|latest-[a-z0-9-]+\.yml)$/;

export class Packages {
  private readonly hashes = new Map<string, { readonly stamp: string; readonly sha256: Promise<string> }>();

  /** @param folders looked through in this order; the first that has a file of that name counts. */
  constructor(private readonly folders: readonly string[]) {}

  async list(): Promise<Package[]> {
    const found = new Map<string, Package>();
    for (const folder of this.folders) {
      for (const file of await readdir(folder).catch((): string[] => [])) {
        if (!anyName.test(file) || found.has(file)) continue;
        const about = await stat(path.join(folder, file)).catch(() => null);
        if (about?.isFile() !== true) continue;
        const [, version, platform] = headlessName.exec(file) ?? [];
        found.set(file, { file, bytes: about.size, headless: version === undefined || platform === undefined ? null : { version, platform } });
      }
    }
    return [...found.values()].sort((a, b) => (a.file < b.file ? -1 : 1));
  }

  /** The newest for each platform, with the SHA-256 (hex) of what is there now. */
  async newest(): Promise<{ platform: string; version: string; file: string; sha256: string }[]> {
    const best = new Map<string, { platform: string; version: string; file: string }>();
    for (const { file, headless } of await this.list()) {
      if (headless === null) continue;
      const known = best.get(headless.platform);
      if (known === undefined || compareVersions(headless.version, known.version) > 0) best.set(headless.platform, { ...headless, file });
    }
    return Promise.all([...best.values()].map(async (each) => ({ ...each, sha256: await this.hash(each.file) })));
  }

  /** Where a file of that name is, with its size; null for a name that is not on the list. */
  async find(file: string): Promise<{ path: string; bytes: number } | null> {
    if (!anyName.test(file)) return null;
    for (const folder of this.folders) {
      const about = await stat(path.join(folder, file)).catch(() => null);
      if (about?.isFile() === true) return { path: path.join(folder, file), bytes: about.size };
    }
    return null;
  }

  private async hash(file: string): Promise<string> {
    const place = await this.find(file);
    if (place === null) return '';
    const { ino, mtimeMs, size } = await stat(place.path);
    const stamp = `${place.path} ${ino} ${mtimeMs} ${size}`;
    const known = this.hashes.get(file);
    if (known?.stamp === stamp) return known.sha256;
    const sha256 = hashFile(place.path);
    this.hashes.set(file, { stamp, sha256 });
    sha256.catch(() => this.hashes.delete(file));
    return sha256;
  }
}

async function hashFile(file: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(file), hash);
  return hash.digest('hex');
}

/** By SemVer's rules, as far as they are needed here: numbers first, then a version without a suffix is newer than one with. */
export function compareVersions(a: string, b: string): number {
  const [numbersA = '', suffixA = ''] = a.split(/-(.*)/s);
  const [numbersB = '', suffixB = ''] = b.split(/-(.*)/s);
  const [left, right] = [numbersA.split('.').map(Number), numbersB.split('.').map(Number)];
  for (let n = 0; n < 3; n += 1) if ((left[n] ?? 0) !== (right[n] ?? 0)) return (left[n] ?? 0) - (right[n] ?? 0);
  if (suffixA === suffixB) return 0;
  if (suffixA === '' || suffixB === '') return suffixA === '' ? 1 : -1;
  return suffixA.localeCompare(suffixB, 'en', { numeric: true });
}
