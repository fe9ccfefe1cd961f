/** Option files of MySQL's and MariaDB's tools: the only way to tell them a password that neither a list of processes nor an environment shows. */

/**
 * A value in quotes. Backslash escapes and both quotes are understood by MySQL and MariaDB inside them
 * (MariaDB mysys/my_default.c; MySQL manual, "Using Option Files").
 */
function quoted(value: string): string {
  const escapes: Readonly<Record<string, string>> = { '\\': '\\\\', '"': '\\"', '\n': '\\n', '\r': '\\r', '\t': '\\t' };
  return `"${value.replace(/[\\"\n\r\t]/g, (character) => escapes[character] ?? '')}"`;
}

/** @param options undefined ones are left out; true ones have no value */
export function optionFile(options: Readonly<Record<string, string | true | undefined>>): string {
  const lines = Object.entries(options).flatMap(([name, value]) => (value === undefined ? [] : [value === true ? name : `${name}=${quoted(value)}`]));
  return `[client]\n${lines.join('\n')}\n`;
}
