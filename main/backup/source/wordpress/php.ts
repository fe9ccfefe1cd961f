/** Splits PHP into tokens, as far as configuration files need it. Nothing is ever run. (PHP manual, "Basic syntax" and "Strings") */
import { HoldfastError } from '../../../shared/errors.js';

export type Token =
  | { readonly kind: 'name' | 'variable' | 'symbol'; readonly text: string }
  | { readonly kind: 'string' | 'number'; readonly value: string }
  /** A string that PHP would put together from variables. */
  | { readonly kind: 'template' };

const escapes: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r', v: '\v', e: '\u001b', f: '\f', '\\': '\\', $: '$', '"': '"' };

/** What a double-quoted string means; null where it holds variables. Octal, hexadecimal and Unicode escapes as in PHP. */
function doubleQuoted(body: string): string | null {
  let isTemplate = false;
  const value = body.replace(/\\([0-7]{1,3}|x[0-9A-Fa-f]{1,2}|u\{[0-9A-Fa-f]{1,6}\}|[^])|\$(?=[A-Za-z_\u0080-\uffff{])|\{(?=\$)/g, (whole: string, escaped: string | undefined) => {
    if (escaped === undefined) {
      isTemplate = true;
      return whole;
    }
    if (/^[0-7]/.test(escaped)) return String.fromCharCode(parseInt(escaped, 8) & 0xff);
    if (/^x./.test(escaped)) return String.fromCharCode(parseInt(escaped.slice(1), 16));
    if (/^u\{/.test(escaped)) {
      const point = parseInt(escaped.slice(2, -1), 16);
      return point <= 0x10ffff ? String.fromCodePoint(point) : whole;
    }
    return escapes[escaped] ?? whole;
  });
  return isTemplate ? null : value;
}

const patterns = {
  space: /\s+/y,
  lineComment: /(?:\/\/|#(?!\[))[^\r\n]*?(?=\r|\n|\?>|$)/y,
  blockComment: /\/\*[^]*?\*\//y,
  single: /'((?:[^'\\]|\\[^])*)'/y,
  double: /"((?:[^"\\]|\\[^])*)"/y,
  variable: /\$([A-Za-z_\u0080-\uffff][\w\u0080-\uffff]*)/y,
  name: /\\?[A-Za-z_\u0080-\uffff][\w\u0080-\uffff]*(?:\\[A-Za-z_\u0080-\uffff][\w\u0080-\uffff]*)*/y,
  number: /\d[\w.]*/y,
  symbol: /[^]/y,
} as const;

/**
 * @param file for messages
 * @throws HoldfastError `source-failed` for heredocs, and for text that is not PHP
 */
export function tokensOf(text: string, file: string): Token[] {
  const tokens: Token[] = [];
  let at = 0;
  const take = (pattern: RegExp): RegExpExecArray | null => {
    pattern.lastIndex = at;
    const match = pattern.exec(text);
    if (match) at += match[0].length;
    return match;
  };
  while (at < text.length) {
    const open = /<\?(?:php(?=\s|$)|=)/gi;
    open.lastIndex = at;
    const start = open.exec(text);
    if (!start) return tokens; // what is outside of PHP's tags is text for the browser
    at = start.index + start[0].length;
    while (at < text.length) {
      if (text.startsWith('?>', at)) {
        at += 2;
        tokens.push({ kind: 'symbol', text: ';' });
        break;
      }
      if (take(patterns.space) || take(patterns.lineComment) || take(patterns.blockComment)) continue;
      if (text.startsWith('<<<', at)) throw new HoldfastError('source-failed', `${file} holds a heredoc (<<<), which is not read here. Write that text in quotes.`);
      const single = take(patterns.single);
      if (single) {
        tokens.push({ kind: 'string', value: (single[1] ?? '').replace(/\\([\\'])/g, '$1') });
        continue;
      }
      const double = take(patterns.double);
      if (double) {
        const value = doubleQuoted(double[1] ?? '');
        tokens.push(value === null ? { kind: 'template' } : { kind: 'string', value });
        continue;
      }
      if (text[at] === '"' || text[at] === '\'' || text.startsWith('/*', at)) throw new HoldfastError('source-failed', `${file} is not complete: a text or comment in it does not end. Correct the file.`);
      const variable = take(patterns.variable);
      if (variable) {
        tokens.push({ kind: 'variable', text: variable[1] ?? '' });
        continue;
      }
      const name = take(patterns.name);
      if (name) {
        tokens.push({ kind: 'name', text: name[0].replace(/^\\/, '') });
        continue;
      }
      const number = take(patterns.number);
      if (number) {
        tokens.push({ kind: 'number', value: number[0] });
        continue;
      }
      tokens.push({ kind: 'symbol', text: take(patterns.symbol)?.[0] ?? '' });
    }
  }
  return tokens;
}
