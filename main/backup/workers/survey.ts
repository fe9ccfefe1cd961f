/**
 * Looks at the files while the repository is being opened, which leaves a core idle for most of a second: its key is derived, its index read.
 * It goes on ahead of the walk, which compares what was seen with the parent's trees, until the thread is needed for something else.
 */
import { MessageChannel } from 'node:worker_threads';
import { ListingReader } from '../archiver/listing.js';
import type { ByteString } from '../format/text.js';
import type { SurveyReport, Surveyed } from './messages.js';
import type { Threads } from './threads.js';

/** Listings of about a hundred thousand entries. Only what is used takes memory. */
const roomBytes = 32 * 1024 * 1024;
/** What was seen longer ago than this, ms, is looked at again: a repository that is locked may have been waited for. */
const freshFor = 10_000;

export class Survey {
  private readonly found = new Map<ByteString, Surveyed | null>();
  private readonly began = performance.now();
  private readonly room = Buffer.from(new SharedArrayBuffer(roomBytes));
  private waiting: (() => void)[] = [];
  private ended = false;

  /** @param paths absolute, in the order of the walk */
  constructor(threads: Threads, paths: readonly ByteString[], withAtime: boolean) {
    const { port1, port2 } = new MessageChannel();
    port1.on('message', (report: SurveyReport) => {
      for (const [path, place] of report) this.found.set(path, place);
      this.tell();
    });
    port1.on('close', () => {
      this.ended = true;
      this.tell();
    });
    threads.meanwhile({ role: 'survey', paths, withAtime, room: this.room.buffer as SharedArrayBuffer, port: port2 });
  }

  /**
   * What is in a folder, to be asked for once and in the order of the walk; waits where the walk has caught up.
   * @returns null where it needs a closer look, undefined where the survey does not get any more
   */
  async listing(path: ByteString): Promise<ListingReader | null | undefined> {
    for (;;) {
      if (performance.now() - this.began > freshFor) return undefined;
      const place = this.found.get(path);
      if (place !== undefined) {
        this.found.delete(path);
        return place && new ListingReader(this.room.subarray(place.from, place.to));
      }
      if (this.ended) return undefined;
      await new Promise<void>((resolve) => { this.waiting.push(resolve); });
    }
  }

  private tell(): void {
    for (const resolve of this.waiting.splice(0)) resolve();
  }
}
