/** Which files the app:// scheme gives out, and under which policy. Pure: the Electron edge is in scheme.ts. */
import path from 'node:path';

export const appOrigin = 'app://holdfast';

export const contentTypes: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.woff2': 'font/woff2',
};

/** The page may run its own files and talk to nobody. @param nonce for the style elements that React Aria makes. */
export function contentSecurityPolicy(nonce: string): string {
  return [
    "default-src 'none'", "script-src 'self'", `style-src 'self' 'nonce-${nonce}'`, "img-src 'self'", "font-src 'self'",
    "connect-src 'none'", "base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'",
  ].join('; ');
}

/** The file that an address stands for, or null for what is not ours. @param root folder with the built pages. */
export function fileFor(address: string, root: string): string | null {
  const url = new URL(address);
  if (`${url.protocol}//${url.host}` !== appOrigin) return null;
  let name: string;
  try {
    name = decodeURIComponent(url.pathname);
  } catch {
    return null;
  }
  if (name.includes('\0')) return null;
  const file = path.join(root, name === '/' ? 'index.html' : name);
  return file.startsWith(root + path.sep) && path.extname(file) in contentTypes ? file : null;
}
