/** One backup: the job's sources become the paths and streams of one snapshot. */
import type { BackupOrder, Logger } from '../../agent/ports.js';
import type { Engine as BackupEngine, RepositoryAccess } from '../../backup/index.js';
import type { SourcePorts } from '../../backup/source/source.js';
import { HoldfastError } from '../../shared/errors.js';
import type { RunProgress, RunResult } from '../../shared/model.js';
import { handedOver } from './handed-over.js';
import { backupRequestFor, runProgress, runResult } from './translate.js';

export interface BackupPorts {
  readonly engine: BackupEngine;
  readonly repository: RepositoryAccess;
  readonly sources: Omit<SourcePorts, 'warn'>;
  readonly logger: Logger;
}

/** How many warnings a result holds. */
const mostWarnings = 100;

/** @throws HoldfastError: a source that fails fails the backup, and leaves no snapshot. */
export async function backUp(order: BackupOrder, { engine, logger, repository, sources }: BackupPorts, onProgress: (progress: RunProgress) => void, signal: AbortSignal): Promise<RunResult> {
  const warnings: string[] = [];
  const warn = (text: string): void => {
    logger.log('warn', text);
    if (warnings.length < mostWarnings) warnings.push(text.slice(0, 1000));
  };
  const { openSources } = await import('../../backup/source/open.js');
  const opened = await openSources(order.sources, { ...sources, warn }, signal);
  try {
    const summary = await engine.backup(backupRequestFor(order, repository, opened), {
      signal,
      onProgress: (progress) => onProgress(runProgress(progress)),
      onItemError: ({ path, message }) => logger.log('warn', `${path} could not be read: ${message}`),
      onWarning: (text) => logger.log('warn', text),
      ...(sources.env['HOLDFAST_DEBUG'] ? { onTrace: (line: string) => logger.log('debug', line) } : {}),
      stream: (number) => {
        const stream = opened.streams[number];
        if (stream === undefined) throw new HoldfastError('internal', 'The engine asks for a dump that this job does not have.');
        return handedOver(stream.open(signal));
      },
    });
    return { ...runResult(summary), warnings };
  } finally {
    await opened.close();
  }
}
