/**
 * restic's file patterns: shell wildcards within a component, a whole `**` for any number of folders, a leading `/` to
 * anchor, a leading `!` to take back. What lies below a match matches too (facts: restic internal/filter/filter.go).
 */
import { posix } from 'node:path';
import { HoldfastError } from '../../shared/errors.js';
import { quotedText } from '../../shared/text.js';

interface Pattern {
  readonly original: string;
  readonly negated: boolean;
  readonly whole: RegExp;
  /** For anchored patterns: one test per component, ending at a `**`; null when anything below may match. */
  readonly prefix: readonly RegExp[] | null;
}

const special = /[.*+?^${}()|[\]\\/]/g;
const escape = (text: string): string => text.replace(special, '\\$&');

/** A component in Go's filepath.Match syntax as a regular expression. @returns null when it is malformed */
function componentSource(component: string): string | null {
  let out = '';
  const chars = [...component];
  for (let i = 0; i < chars.length; i++) {
    const c = chars[i] ?? '';
    if (c === '*') out += '[^/]*';
    else if (c === '?') out += '[^/]';
    else if (c === '\\') {
      const next = chars[++i];
      if (next === undefined) return null;
      out += escape(next);
    } else if (c === '[') {
      const parsed = classSource(chars, i + 1);
      if (!parsed) return null;
      out += parsed.source;
      i = parsed.end;
    } else out += escape(c);
  }
  return out;
}

/** Tests one name against one component of a pattern (Go's filepath.Match). @returns null when the pattern is malformed */
export function componentTest(component: string): RegExp | null {
  const source = componentSource(component);
  return source === null ? null : new RegExp(`^${source}$`, 'u');
}

function classSource(chars: readonly string[], start: number): { source: string; end: number } | null {
  let i = start;
  let out = '[';
  if (chars[i] === '^') { out += '^/'; i++; }
  const first = i;
  const one = (): string | null => {
    let c = chars[i++];
    if (c === '\\') c = chars[i++];
    return c === undefined ? null : c;
  };
  for (;;) {
    if (chars[i] === ']' && i > first) return { source: `${out}]`, end: i };
    if (chars[i] === undefined || chars[i] === '-' || chars[i] === ']') return null;
    const low = one();
    if (low === null) return null;
    let high: string | null = low;
    if (chars[i] === '-') { i++; high = chars[i] === ']' ? null : one(); }
    if (high === null) return null;
    if (high < low) continue; // an empty range matches nothing
    const safe = (c: string): string => `\\u{${(c.codePointAt(0) ?? 0).toString(16)}}`;
    out += low === high ? safe(low) : `${safe(low)}-${safe(high)}`;
  }
}

function compile(text: string): Pattern | null {
  const negated = text.startsWith('!');
  const body = negated ? text.slice(1) : text;
  if (body === '') return null;
  let clean = posix.normalize(body);
  if (clean.length > 1 && clean.endsWith('/')) clean = clean.slice(0, -1);
  const anchored = clean.startsWith('/');
  const components = clean.split('/').filter((part) => part !== '');
  const sources: string[] = [];
  for (const component of components) {
    const source = component === '**' ? '**' : componentSource(component);
    if (source === null) return null;
    sources.push(source);
  }
  let whole = anchored ? '^' : '(?:^|/)';
  let needsSlash = anchored;
  for (const source of sources) {
    if (source === '**') whole += needsSlash ? '(?:/[^/]+)*' : '(?:[^/]+/)*';
    else {
      whole += `${needsSlash ? '/' : ''}${source}`;
      needsSlash = true;
    }
  }
  const star = sources.indexOf('**');
  return {
    original: text, negated, whole: new RegExp(`${whole}(?:/|$)`, 'u'),
    prefix: anchored ? (star < 0 ? sources : sources.slice(0, star)).map((source) => new RegExp(`^${source}$`, 'u')) : null,
  };
}

export class PatternList {
  private readonly patterns: Pattern[] = [];
  private readonly anyNegated: boolean;

  /** @throws `usage` naming a pattern that is malformed */
  constructor(patterns: readonly string[], private readonly ignoreCase = false) {
    for (const text of patterns) {
      if (text === '') continue;
      const pattern = compile(ignoreCase ? text.toLowerCase() : text);
      if (!pattern) throw new HoldfastError('usage', `${quotedText(text)} is not a valid pattern. Check its brackets and backslashes.`);
      this.patterns.push(pattern);
    }
    this.anyNegated = this.patterns.some((p) => p.negated);
  }

  get empty(): boolean {
    return this.patterns.length === 0;
  }

  /**
   * @param path absolute
   * @returns the pattern that decides that it matches, or null
   */
  match(path: string): string | null {
    const text = this.ignoreCase ? path.toLowerCase() : path;
    let found: string | null = null;
    for (const pattern of this.patterns) {
      if (pattern.negated ? found === null : found !== null && !this.anyNegated) continue;
      if (!pattern.whole.test(text)) continue;
      found = pattern.negated ? null : found ?? pattern.original;
    }
    return found;
  }

  /** Whether something below this folder may match. */
  childMayMatch(path: string): boolean {
    const components = (this.ignoreCase ? path.toLowerCase() : path).split('/').filter((part) => part !== '');
    return this.patterns.some((pattern) => {
      if (pattern.negated) return false;
      return pattern.prefix === null || pattern.prefix.slice(0, components.length).every((test, i) => test.test(components[i] ?? ''));
    });
  }
}
