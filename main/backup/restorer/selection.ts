/** Which parts of a snapshot a restore takes. */
import { HoldfastError } from '../../shared/errors.js';
import { PatternList } from '../filter/pattern.js';

export interface SelectionOptions {
  readonly include?: string[] | undefined;
  readonly iinclude?: string[] | undefined;
  readonly exclude?: string[] | undefined;
  readonly iexclude?: string[] | undefined;
}

export class Selection {
  private readonly includes: PatternList[];
  private readonly excludes: PatternList[];

  /** @throws `usage` when both kinds are given, as restic does */
  constructor(options: SelectionOptions) {
    const lists = (plain: string[] | undefined, insensitive: string[] | undefined): PatternList[] =>
      [new PatternList(plain ?? []), new PatternList(insensitive ?? [], true)].filter((list) => !list.empty);
    this.includes = lists(options.include, options.iinclude);
    this.excludes = lists(options.exclude, options.iexclude);
    if (this.includes.length > 0 && this.excludes.length > 0) throw new HoldfastError('usage', 'Give either include or exclude patterns, not both.');
  }

  get everything(): boolean {
    return this.includes.length === 0 && this.excludes.length === 0;
  }

  /** @param path within the snapshot, absolute */
  decide(path: string, isFolder: boolean): { take: boolean; descend: boolean } {
    if (this.includes.length > 0) {
      const take = this.includes.some((list) => list.match(path) !== null);
      return { take, descend: isFolder && (take || this.includes.some((list) => list.childMayMatch(path))) };
    }
    const excluded = this.excludes.some((list) => list.match(path) !== null);
    return { take: !excluded, descend: isFolder && !excluded };
  }
}
