/** The worker's side of a survey: lists one folder after another, in the order of a walk. */
import { Files } from '../posix/files.js';
import { kinds, ListingReader, ListingWriter } from '../archiver/listing.js';
import { codeOf } from '../backend/local-errors.js';
import { ByteWriter } from '../format/byte-writer.js';
import type { ByteString } from '../format/text.js';
import type { SurveyData, SurveyReport, Surveyed } from './messages.js';

/** Between looks at whether there is something better to do, ms. */
const slice = 10;

/** @param hasRole whether the thread has got something better to do */
export function survey({ paths, withAtime, room, port }: SurveyData, hasRole: () => boolean): void {
  const listings = new ListingWriter(new Files(), withAtime);
  const out = new ByteWriter();
  const all = Buffer.from(room);
  const waiting = [...paths].reverse(); // the next one is the last
  let used = 0;

  /** @returns whether there is room for more */
  function list(path: ByteString, found: [ByteString, Surveyed | null][]): boolean {
    out.clear();
    if (!isListed(path)) {
      found.push([path, null]); // the walk finds out what there is to tell
      return true;
    }
    const from = used;
    if (from + out.length > all.length) return false;
    all.set(out.bytes, from);
    used += out.length;
    found.push([path, { from, to: used }]);
    const prefix = path === '/' ? '/' : `${path}/`;
    const below: ByteString[] = [];
    for (const entry = new ListingReader(out.bytes); entry.step();) if (entry.kind === kinds.dir) below.push(prefix + entry.name);
    for (const folder of below.reverse()) waiting.push(folder);
    return true;
  }

  function isListed(path: ByteString): boolean {
    try {
      return listings.write(out, path);
    } catch (error) {
      if (codeOf(error) === undefined) throw error;
      return false;
    }
  }

  function goOn(): void {
    const found: [ByteString, Surveyed | null][] = [];
    let isOpen = !hasRole();
    for (const end = performance.now() + slice; isOpen && waiting.length > 0 && performance.now() < end;) isOpen = list(waiting.pop() ?? '/', found);
    port.postMessage(found satisfies SurveyReport);
    if (isOpen && waiting.length > 0) setImmediate(goOn);
    else port.close();
  }
  goOn();
}
