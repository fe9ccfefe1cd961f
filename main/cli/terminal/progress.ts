/** The engine's progress: restic's status lines with --json, else one live line on a terminal. */
import type { Progress } from '../../backup/types.js';
import { bytesText, countText, durationText } from '../../shared/text.js';
import type { Cli } from '../cli.js';

const verbs: Readonly<Record<Progress['action'], string>> = {
  open: 'Opening the repository', scan: 'Looking through the files', backup: 'Backing up', restore: 'Restoring', verify: 'Verifying',
  check: 'Checking', 'read-data': 'Reading data', prune: 'Pruning', copy: 'Copying', repair: 'Repairing', delete: 'Deleting',
};

export function showProgress(cli: Cli): (progress: Progress) => void {
  return (progress) => {
    if (cli.json) cli.write(`${JSON.stringify(progress)}\n`);
    else cli.status.show(progressText(progress));
  };
}

export function progressText(progress: Progress): string {
  const { action, bytes_done: bytes, current_files: current, error_count: errors, files_done: files, percent_done: share, seconds_remaining: left, total_bytes: total } = progress;
  const parts = [total === undefined ? verbs[action] : `${verbs[action]} ${(share * 100).toFixed(0).padStart(3)}%`];
  if (files > 0) parts.push(countText(files, 'file'));
  if (bytes > 0 || total !== undefined) parts.push(total === undefined ? bytesText(bytes) : `${bytesText(bytes)} of ${bytesText(total)}`);
  if (errors > 0) parts.push(countText(errors, 'error'));
  if (left !== undefined && total !== undefined) parts.push(`${durationText(left * 1000)} left`);
  if (current?.[0] !== undefined) parts.push(current[0]);
  return parts.join('  ');
}
