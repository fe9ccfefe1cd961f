/**
 * Reads .env as Laravel does (vlucas/phpdotenv 5: Lines, EntryParser, Resolver; Laravel's Env). Nothing is run, and this
 * process's environment does not count: what is written there is what is read.
 */
import { HoldfastError } from '../../../shared/errors.js';

const escapes: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t', f: '\f', v: '\v', '"': '"', '\\': '\\', $: '$' };
/** Stands for a `$` that was escaped until variables are put in. */
const dollar = '\u0000';

interface Entry { readonly name: string; readonly value: string; readonly hasVariables: boolean }

class Scanner {
  private at = 0;

  constructor(private readonly text: string, private readonly file: string) {}

  entries(): Entry[] {
    const found: Entry[] = [];
    while (this.at < this.text.length) {
      this.take(/\s*/y);
      if (this.text[this.at] === '#') this.take(/[^\n]*/y);
      else if (this.at < this.text.length) {
        const entry = this.entry();
        if (entry) found.push(entry);
      }
    }
    return found;
  }

  private entry(): Entry | null {
    const line = this.text.slice(0, this.at).split('\n').length;
    const name = this.take(/(?:export[ \t]+)?(['"]?)([A-Za-z0-9_.]+)\1[ \t]*/y);
    if (!name?.[2]) throw this.trouble(line, 'does not begin with a name');
    if (!this.take(/=[ \t]*/y)) {
      if (this.take(/(?=\n|$)/y)) return null; // a name without a value is not set
      throw this.trouble(line, 'has no = after its name');
    }
    const quote = this.text[this.at];
    const quoted = quote === '"' ? this.double(line) : quote === '\'' ? this.single(line) : null;
    const value = quoted ?? (this.take(/[^\s#]*/y)?.[0] ?? '');
    if (!this.take(/[ \t]*(?:#[^\n]*)?(?=\n|$)/y)) throw this.trouble(line, 'has more than one word; put its value in double quotes');
    return { name: name[2], value, hasVariables: quote !== '\'' };
  }

  private double(line: number): string {
    const match = this.take(/"((?:[^"\\]|\\[^])*)"/y);
    if (!match) throw this.trouble(line, 'has a quote that does not end');
    return (match[1] ?? '').replace(/\\([^])/g, (_, character: string) => {
      const plain = escapes[character];
      if (plain === undefined) throw this.trouble(line, `has an unknown escape (\\${character})`);
      return plain === '$' ? dollar : plain;
    });
  }

  private single(line: number): string {
    const match = this.take(/'((?:[^'\\]|\\[^])*)'/y);
    if (!match) throw this.trouble(line, 'has a quote that does not end');
    return (match[1] ?? '').replace(/\\(['\\])/g, '$1');
  }

  private take(pattern: RegExp): RegExpExecArray | null {
    pattern.lastIndex = this.at;
    const match = pattern.exec(this.text);
    if (match) this.at += match[0].length;
    return match;
  }

  /** Never quotes a value. */
  private trouble(line: number, what: string): HoldfastError {
    return new HoldfastError('source-failed', `${this.file} cannot be read: line ${line} ${what}. Correct it, as Laravel would refuse it too.`);
  }
}

/**
 * @param file for messages
 * @returns names and values; a later line wins. `${NAME}` is what was set above, or stays as it is.
 * @throws HoldfastError `source-failed` with the line that is wrong
 */
export function parseEnv(text: string, file: string): ReadonlyMap<string, string> {
  const values = new Map<string, string>();
  for (const { name, value, hasVariables } of new Scanner(text.replace(/^\ufeff/, '').replace(/\r\n?/g, '\n').replaceAll(dollar, ''), file).entries()) {
    const whole = hasVariables ? value.replace(/\$\{([A-Za-z0-9_.]+)\}/g, (written, other: string) => values.get(other) ?? written) : value;
    values.set(name, whole.replaceAll(dollar, '$'));
  }
  return values;
}

/** A value as Laravel's `env()` gives it: `null`, `(empty)` and the like have a meaning there. */
export function envValue(values: ReadonlyMap<string, string>, name: string): string | undefined {
  const value = values.get(name);
  switch (value?.toLowerCase()) {
    case undefined: case 'null': case '(null)': return undefined;
    case 'empty': case '(empty)': return '';
    default: return value;
  }
}
