/** Finds files that only exist after a build (WebAssembly, worker entries), also when this code runs from its TypeScript source. */
import { fileURLToPath } from 'node:url';

/**
 * @param moduleUrl the caller's `import.meta.url`
 * @param relative a path beside the caller, such as `./kernel.wasm`
 */
export function builtFile(moduleUrl: string, relative: string): string {
  const fromSource = moduleUrl.endsWith('.ts') ? moduleUrl.replace(/\/main\/backup\/(?!.*\/main\/backup\/)/, '/out/main/backup/') : moduleUrl;
  return fileURLToPath(new URL(relative, fromSource));
}
