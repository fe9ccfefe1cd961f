// Compiles main/backup/wasm/assembly to out/main/backup/wasm/kernel.wasm. Does nothing when that is up to date.
import { existsSync, mkdirSync, readdirSync, renameSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const source = join(root, 'main/backup/wasm/assembly');
const target = join(root, 'out/main/backup/wasm/kernel.wasm');

function upToDate() {
  if (!existsSync(target)) return false;
  const built = statSync(target).mtimeMs;
  const inputs = [fileURLToPath(import.meta.url), ...readdirSync(source).map((name) => join(source, name))];
  return inputs.every((input) => statSync(input).mtimeMs <= built);
}

/** @returns {Promise<boolean>} whether anything was compiled */
export async function buildWasm() {
  if (upToDate()) return false;
  const { default: asc } = await import('assemblyscript/asc');
  mkdirSync(dirname(target), { recursive: true });
  const fresh = `${target}.${process.pid}.tmp`;
  const { error, stderr } = await asc.main([
    join(source, 'index.ts'), '--baseDir', root, '--outFile', fresh,
    '-O3', '--converge', '--noAssert', '--runtime', 'stub', '--use', 'abort=',
    '--initialMemory', '1', '--maximumMemory', '4096',
  ]);
  if (error) throw new Error(`The WebAssembly kernel does not compile:\n${stderr.toString()}`);
  renameSync(fresh, target);
  return true;
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  console.log((await buildWasm()) ? `compiled ${target}` : 'kernel.wasm is up to date');
}
