/**
 * Looks at the files while the repository is being opened, which leaves a core idle for most of a second: its key is derived, its index read.
 * What is found is compared with the parent's trees as soon as they can be read.
 */
import { MessageChannel } from 'node:worker_threads';
import type { ByteString } from '../format/text.js';
import type { SurveyReport, Surveyed } from './messages.js';
import type { Threads } from './threads.js';

/** Listings of about a hundred thousand entries. Only what is used takes memory. */
const roomBytes = 32 * 1024 * 1024;
/** What was seen longer ago than this, ms, is looked at again: a repository that is locked may have been waited for. */
const freshFor = 10_000;

export class Survey {
  private readonly found = new Map<ByteString, Surveyed>();
  private readonly began = performance.now();

  private constructor(readonly room: SharedArrayBuffer) {}

  /** @param paths absolute; what is no folder is left out */
  static begin(threads: Threads, paths: readonly ByteString[], withAtime: boolean): Survey {
    const survey = new Survey(new SharedArrayBuffer(roomBytes));
    const { port1, port2 } = new MessageChannel();
    port1.on('message', (report: SurveyReport) => { for (const [path, place] of report) survey.found.set(path, place); });
    port1.unref();
    threads.meanwhile({ role: 'survey', paths, withAtime, room: survey.room, port: port2 });
    return survey;
  }

  /** What was seen of a folder; the second time it is asked for, nothing. */
  take(path: ByteString): Surveyed | null {
    const place = this.found.get(path);
    if (!place) return null;
    this.found.delete(path);
    return performance.now() - this.began < freshFor ? place : null;
  }
}
