/** Which file or folder of this installation is replaced by an update. Pure. */
import path from 'node:path';

export interface OwnPackage {
  readonly kind: 'appimage' | 'bundle';
  /** Absolute: the AppImage's file, or the .app folder. */
  readonly path: string;
}

/**
 * deb and rpm are the package manager's to replace, and an unpacked archive its owner's: nothing here asks for root.
 * @returns null where this installation does not replace itself.
 */
export function ownPackage({ env, execPath, platform }: { readonly env: Readonly<Record<string, string | undefined>>; readonly execPath: string; readonly platform: NodeJS.Platform }): OwnPackage | null {
  const image = env['APPIMAGE'];
  if (platform === 'linux') return image !== undefined && path.isAbsolute(image) ? { kind: 'appimage', path: image } : null;
  if (platform !== 'darwin') return null;
  // Holdfast.app/Contents/MacOS/Holdfast
  const bundle = path.resolve(execPath, '../../..');
  return bundle.endsWith('.app') ? { kind: 'bundle', path: bundle } : null;
}
