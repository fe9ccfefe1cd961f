/** What a developer can make again: left out by the developer preset. */
import type { ByteString } from '../format/text.js';

/** Folders that are always made by a tool. */
const folders: ReadonlyMap<string, string> = new Map([
  ['node_modules', 'npm packages'], ['bower_components', 'Bower packages'], ['.venv', 'Python environments'], ['__pycache__', 'Python bytecode'],
  ['.tox', 'Python environments'], ['.mypy_cache', 'Python caches'], ['.pytest_cache', 'Python caches'], ['.ruff_cache', 'Python caches'],
  ['.gradle', 'Gradle caches'], ['.terraform', 'Terraform providers'], ['.next', 'Next.js builds'], ['.nuxt', 'Nuxt builds'], ['.parcel-cache', 'Parcel caches'],
  ['.turbo', 'Turborepo caches'], ['.dart_tool', 'Dart caches'], ['DerivedData', 'Xcode builds'], ['.ccache', 'compiler caches'], ['.stack-work', 'Haskell builds'],
]);

/** Folders whose name is common, so that a neighbour must prove what they are. */
const proven: readonly { name: string; neighbours: readonly string[]; what: string }[] = [
  { name: 'target', neighbours: ['Cargo.toml'], what: 'Rust builds' },
  { name: 'target', neighbours: ['pom.xml', 'build.sbt'], what: 'Java builds' },
  { name: 'build', neighbours: ['build.gradle', 'build.gradle.kts'], what: 'Gradle builds' },
  { name: 'venv', neighbours: ['requirements.txt', 'pyproject.toml', 'setup.py'], what: 'Python environments' },
  { name: 'vendor', neighbours: ['composer.json'], what: 'Composer packages' },
  { name: 'Pods', neighbours: ['Podfile'], what: 'CocoaPods' },
  { name: '_build', neighbours: ['mix.exs'], what: 'Elixir builds' },
  { name: 'deps', neighbours: ['mix.exs'], what: 'Elixir packages' },
];

const images = /\.(vmdk|vdi|qcow2|vhdx?|hdd|pvm|utm)$/i;

/**
 * @param neighbours the names beside it
 * @returns the preset's rule, or null
 */
export function developerRule(name: ByteString, isFolder: boolean, neighbours: ReadonlySet<ByteString>): string | null {
  if (!isFolder) return images.test(name) ? 'developer preset: virtual machine images' : null;
  const what = folders.get(name) ?? proven.find((p) => p.name === name && p.neighbours.some((n) => neighbours.has(n)))?.what;
  return what === undefined ? null : `developer preset: ${what}`;
}
