// The programs that are compared, each by its own command line and with its defaults.
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';

const has = (name) => {
  try {
    execFileSync('sh', ['-c', `command -v ${name}`], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
};

/** Each gives the commands for a repository in `folder`; `restore` writes below `target`. */
export function peers(root) {
  const password = { HOLDFAST_PASSWORD: 'bench', RESTIC_PASSWORD: 'bench', BORG_PASSPHRASE: 'bench', KOPIA_PASSWORD: 'bench' };
  const holdfast = (folder, ...args) => [process.execPath, join(root, 'out/main/cli/holdfast.js'), '-q', '-r', join(folder, 'repo'), ...args];
  const restic = (folder, ...args) => ['restic', '-r', join(folder, 'repo'), '--cache-dir', join(folder, 'cache'), '-q', ...args];
  const kopia = (folder, ...args) => ['kopia', '--config-file', join(folder, 'kopia.config'), ...args];
  const all = [
    {
      name: 'holdfast', env: password,
      init: (f) => holdfast(f, 'init'),
      backup: (f, source) => holdfast(f, 'backup', source),
      restore: (f, target) => holdfast(f, 'restore', 'latest', '--target', target),
      check: (f) => holdfast(f, 'check', '--read-data'),
    },
    {
      name: 'restic', env: password,
      init: (f) => restic(f, 'init'),
      backup: (f, source) => restic(f, 'backup', source),
      restore: (f, target) => restic(f, 'restore', 'latest', '--target', target),
      check: (f) => restic(f, 'check', '--read-data'),
    },
    {
      name: 'borg', env: { ...password, BORG_UNKNOWN_UNENCRYPTED_REPO_ACCESS_IS_OK: 'yes' },
      perFolder: (f) => ({ BORG_BASE_DIR: f }),
      init: (f) => ['borg', 'init', '-e', 'repokey-blake2', join(f, 'repo')],
      backup: (f, source) => ['borg', 'create', `${join(f, 'repo')}::{now:%s%f}`, source],
      restore: (f, target) => ['sh', '-c', `cd "$1" && borg extract "$2::$(borg list --short --last 1 "$2")"`, 'sh', target, join(f, 'repo')],
      check: (f) => ['borg', 'check', '--verify-data', join(f, 'repo')],
    },
    {
      name: 'kopia', env: password,
      init: (f) => kopia(f, 'repository', 'create', 'filesystem', '--path', join(f, 'repo')),
      backup: (f, source) => kopia(f, 'snapshot', 'create', source),
      restore: (f, target) => ['sh', '-c', 'kopia --config-file "$1" restore "$(kopia --config-file "$1" snapshot list --json | head -c 200 | grep -o \'"id":"[^"]*"\' | head -1 | cut -d\\" -f4)" "$2"', 'sh', join(f, 'kopia.config'), target],
      check: (f) => kopia(f, 'snapshot', 'verify', '--verify-files-percent=100'),
    },
  ];
  return all.filter(({ name }) => name === 'holdfast' || has(name));
}
