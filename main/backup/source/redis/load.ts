/** Has Redis's own tool read a copy (RDB) from end to end. Loading one into a running server is not possible: it is read when a server starts. */
import { HoldfastError } from '../../../shared/errors.js';
import { feed, noContent } from '../process/feed.js';
import type { Host } from '../process/host.js';

/** @returns the number of keys; null where the tool is not here. @throws HoldfastError `source-failed` for a damaged copy. */
export async function checkRedis(file: string, name: string, host: Host, signal: AbortSignal): Promise<{ keys: number } | null> {
  const program = await host.find(['redis-check-rdb', 'valkey-check-rdb']);
  if (program === null) return null;
  const said = await feed(host, { program, args: [file] }, noContent, {
    signal, tool: 'redis-check-rdb',
    explain: ({ code }) => (code === null ? null : new HoldfastError('source-failed', `${name} is not whole: redis-check-rdb found an error in it. Restore it from an older snapshot.`)),
  });
  const keys = /(\d+) keys read/.exec(said)?.[1];
  if (!said.includes('looks OK') && keys === undefined) throw new HoldfastError('source-failed', `${name} is not whole: redis-check-rdb did not reach its end. Restore it from an older snapshot.`);
  return { keys: Number(keys ?? 0) };
}
