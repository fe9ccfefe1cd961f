/** Tries a destination out: see `probeDestination`. */
import { probeDestination } from '../destination/probe.js';
import { existsRequest, type Control, type ExistsRequest, type ProbeResult } from '../types.js';

export function probe(request: ExistsRequest, { signal }: Control = {}): Promise<ProbeResult> {
  return probeDestination(existsRequest.parse(request).repository, signal === undefined ? {} : { signal });
}
