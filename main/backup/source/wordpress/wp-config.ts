/** Reads wp-config.php: constants and variables whose values are written there. Nothing of it is run. */
import path from 'node:path';
import { HoldfastError } from '../../../shared/errors.js';
import { tokensOf, type Token } from './php.js';

export interface WordpressConfig {
  readonly database: string;
  readonly user: string;
  readonly password: string;
  /** As WordPress takes it: `host`, `host:port`, `host:/socket`. */
  readonly host: string;
  readonly tablePrefix: string;
  /** Where it was moved to; null: in its usual place. */
  readonly contentFolder: string | null;
}

/** A value that is known only when PHP runs. */
const unknown = Symbol('known only to PHP');
type Value = string | typeof unknown;

/** Walks over tokens and evaluates the expressions that consist of written values. */
class Reader {
  private readonly constants = new Map<string, Set<Value>>();
  private readonly variables = new Map<string, Set<Value>>();

  constructor(private readonly tokens: readonly Token[], private readonly file: string) {
    this.constants.set('ABSPATH', new Set([`${path.dirname(file)}/`]));
  }

  read(): void {
    for (let at = 0; at < this.tokens.length; at += 1) {
      this.define(at);
      this.constant(at);
      this.assignment(at);
    }
  }

  /** @returns undefined where it is not there */
  constantOf(name: string): string | undefined {
    return this.only(`the constant ${name}`, this.constants.get(name));
  }

  variableOf(name: string): string | undefined {
    return this.only(`the variable $${name}`, this.variables.get(name));
  }

  private only(what: string, values: ReadonlySet<Value> | undefined): string | undefined {
    if (!values) return undefined;
    const [value] = values;
    if (values.size > 1) throw new HoldfastError('source-failed', `${this.file} gives ${what} different values, and which one counts is known only to PHP. Make a job for the database itself.`);
    if (typeof value !== 'string') throw new HoldfastError('source-failed', `${this.file} computes ${what} when it runs, and it is not run here. Write the value down in it, or make a job for the database itself.`);
    return value;
  }

  private isSymbol(at: number, text: string): boolean {
    const token = this.tokens[at];
    return token?.kind === 'symbol' && token.text === text;
  }

  private isName(at: number, text: string): boolean {
    const token = this.tokens[at];
    return token?.kind === 'name' && token.text.toLowerCase() === text;
  }

  /** `define('NAME', expression)` */
  private define(at: number): void {
    if (!this.isName(at, 'define') || !this.isSymbol(at + 1, '(') || this.isName(at - 1, 'function') || this.isSymbol(at - 1, '>') || this.isSymbol(at - 1, ':')) return;
    const name = this.tokens[at + 2];
    if (name?.kind !== 'string' || !this.isSymbol(at + 3, ',')) return;
    this.put(this.constants, name.value, this.expression(at + 4, [')', ',']));
  }

  /** `const NAME = expression;` */
  private constant(at: number): void {
    const name = this.tokens[at + 1];
    if (this.isName(at, 'const') && name?.kind === 'name' && this.isSymbol(at + 2, '=')) this.put(this.constants, name.text, this.expression(at + 3, [';', ',']));
  }

  /** `$name = expression;` and its kin, which make the value unknown. */
  private assignment(at: number): void {
    const token = this.tokens[at];
    if (token?.kind !== 'variable' || this.isSymbol(at - 1, ':') || this.isSymbol(at - 1, '>') || this.isSymbol(at - 1, '$')) return;
    if (this.isSymbol(at + 1, '=') && !this.isSymbol(at + 2, '=') && !this.isSymbol(at + 2, '>')) this.put(this.variables, token.text, this.expression(at + 2, [';', ')']));
    else if (this.isSymbol(at + 2, '=') && !this.isSymbol(at + 1, '=') && !this.isSymbol(at + 1, '!') && !this.isSymbol(at + 1, '<') && !this.isSymbol(at + 1, '>')) this.put(this.variables, token.text, unknown);
  }

  private put(values: Map<string, Set<Value>>, name: string, value: Value): void {
    values.set(name, (values.get(name) ?? new Set()).add(value));
  }

  /** Values joined by `.`, up to one of the ends. Anything else is not known here. */
  private expression(from: number, ends: readonly string[]): Value {
    let result = '';
    for (let at = from; ;) {
      const [value, next] = this.operand(at);
      if (value === unknown) return unknown;
      result += value;
      const token = this.tokens[next];
      if (token === undefined || (token.kind === 'symbol' && ends.includes(token.text))) return token === undefined ? unknown : result;
      if (!this.isSymbol(next, '.')) return unknown;
      at = next + 1;
    }
  }

  private operand(at: number): [Value, number] {
    const token = this.tokens[at];
    if (token?.kind === 'string') return this.isSymbol(at + 1, '[') ? [unknown, at] : [token.value, at + 1];
    if (token?.kind === 'number') return [/^(0|[1-9]\d*)$/.test(token.value) && token.value.length < 16 ? token.value : unknown, at + 1];
    if (token?.kind === 'variable') {
      const values = this.variables.get(token.text);
      const [value] = values ?? [];
      return [values?.size === 1 && value !== undefined && !this.isSymbol(at + 1, '[') ? value : unknown, at + 1];
    }
    if (token?.kind === 'symbol' && token.text === '(') return this.parenthesized(at);
    if (token?.kind !== 'name') return [unknown, at + 1];
    return this.named(token.text, at);
  }

  private parenthesized(at: number): [Value, number] {
    const end = this.closing(at);
    return [end === null ? unknown : this.expression(at + 1, [')']), (end ?? this.tokens.length) + 1];
  }

  private named(name: string, at: number): [Value, number] {
    const lower = name.toLowerCase();
    if (this.isSymbol(at + 1, '(')) {
      const isThisFolder = lower === 'dirname' && this.isName(at + 2, '__file__') && this.isSymbol(at + 3, ')');
      return isThisFolder ? [path.dirname(this.file), at + 4] : [unknown, at + 1];
    }
    if (lower === '__dir__') return [path.dirname(this.file), at + 1];
    if (lower === '__file__') return [this.file, at + 1];
    if (lower === 'true') return ['1', at + 1];
    if (lower === 'false' || lower === 'null') return ['', at + 1];
    const values = this.constants.get(name);
    const [value] = values ?? [];
    return [values?.size === 1 && value !== undefined ? value : unknown, at + 1];
  }

  private closing(at: number): number | null {
    let depth = 0;
    for (let i = at; i < this.tokens.length; i += 1) {
      if (this.isSymbol(i, '(')) depth += 1;
      if (this.isSymbol(i, ')') && (depth -= 1) === 0) return i;
    }
    return null;
  }
}

/**
 * @param text content of the file @param file its absolute path, for messages and for `__DIR__`
 * @throws HoldfastError `source-failed` where what is needed is not written there
 */
export function parseWordpressConfig(text: string, file: string): WordpressConfig {
  const reader = new Reader(tokensOf(text, file), file);
  reader.read();
  const needed = (name: string): string => {
    const value = reader.constantOf(name);
    if (value === undefined) throw new HoldfastError('source-failed', `${file} does not define ${name}; perhaps another file that it includes does, and those are not read. Write it there, or make a job for the database itself.`);
    return value;
  };
  return {
    database: needed('DB_NAME'), user: needed('DB_USER'), password: needed('DB_PASSWORD'), host: reader.constantOf('DB_HOST') ?? 'localhost',
    tablePrefix: reader.variableOf('table_prefix') ?? 'wp_', contentFolder: reader.constantOf('WP_CONTENT_DIR') ?? null,
  };
}

/** Takes apart what WordPress accepts as DB_HOST: `db`, `db:3307`, `localhost:/run/s.sock`, `[::1]:3306`. */
export function databaseHost(text: string): { host: string; port?: number } {
  const socket = /^[^:]*:(\/.*)$/.exec(text)?.[1];
  if (socket !== undefined) return { host: socket };
  const match = /^(?:\[(.*)\]|([^:]*))(?::(\d+))?$/.exec(text);
  const host = match?.[1] ?? match?.[2] ?? text;
  return { host: host || 'localhost', ...(match?.[3] ? { port: Number(match[3]) } : {}) };
}
