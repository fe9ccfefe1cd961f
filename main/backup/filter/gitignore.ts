/** .gitignore rules (facts: gitignore(5)). */
import { toText, type ByteString } from '../format/text.js';

interface Rule {
  readonly text: string;
  readonly negated: boolean;
  readonly foldersOnly: boolean;
  readonly test: RegExp;
}

function compile(line: string): Rule | null {
  let text = line.replace(/\r$/, '').replace(/(?<!\\)\s+$/, '');
  if (text === '' || text.startsWith('#')) return null;
  const negated = text.startsWith('!');
  if (negated) text = text.slice(1);
  const foldersOnly = text.endsWith('/');
  if (foldersOnly) text = text.slice(0, -1);
  if (text === '') return null;
  const anchored = text.includes('/');
  const body = text.replace(/^\//, '');
  let source = '';
  for (let i = 0; i < body.length; i++) {
    const c = body[i] ?? '';
    if (body.startsWith('**/', i) && (i === 0 || body[i - 1] === '/')) { source += '(?:[^/]+/)*'; i += 2; }
    else if (body.startsWith('/**', i) && i + 3 === body.length) { source += '/.+'; i += 2; }
    else if (c === '*') { source += '[^/]*'; while (body[i + 1] === '*') i++; }
    else if (c === '?') source += '[^/]';
    else if (c === '[') {
      const close = body.indexOf(']', i + 2);
      if (close < 0) { source += '\\['; continue; }
      const inner = body.slice(i + 1, close).replace(/^[!^]/, '^').replace(/[\\[\]]/g, '\\$&');
      source += `[${inner}]`;
      i = close;
    } else if (c === '\\' && i + 1 < body.length) source += (body[++i] ?? '').replace(/[.*+?^${}()|[\]\\/-]/g, '\\$&');
    else source += c.replace(/[.*+?^${}()|[\]\\/-]/g, '\\$&');
  }
  try {
    return { text: line, negated, foldersOnly, test: new RegExp(anchored ? `^${source}$` : `(?:^|/)${source}$`) };
  } catch {
    return null; // git ignores what it cannot read, too
  }
}

/** The rules in force at one place of a walk: those of each folder on the way down. */
export class GitIgnore {
  private readonly levels: { folder: ByteString; rules: Rule[] }[] = [];

  enter(folder: ByteString, content: string): void {
    this.levels.push({ folder, rules: content.split('\n').flatMap((line) => compile(line) ?? []) });
  }

  leave(folder: ByteString): void {
    if (this.levels.at(-1)?.folder === folder) this.levels.pop();
  }

  /** @returns the rule that leaves the path out, or null. A deeper file's rules come before a higher one's. */
  match(path: ByteString, isFolder: boolean): string | null {
    for (let i = this.levels.length - 1; i >= 0; i--) {
      const level = this.levels[i];
      if (!level) continue;
      const relative = toText(path.slice(level.folder === '/' ? 1 : level.folder.length + 1));
      for (let r = level.rules.length - 1; r >= 0; r--) {
        const rule = level.rules[r];
        if (rule && (!rule.foldersOnly || isFolder) && rule.test.test(relative)) return rule.negated ? null : rule.text;
      }
    }
    return null;
  }
}
