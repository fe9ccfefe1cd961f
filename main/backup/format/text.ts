/**
 * Names on a disk are bytes, not text. The engine keeps them as *byte strings*: JavaScript strings in which each
 * character is one byte (0 to 255). They compare and sort as bytes do, and cost half of what text does.
 *
 * restic writes a name through Go's strconv.Quote, then everything through Go's encoding/json. Both are reproduced
 * here to the byte, because tree IDs are hashes of that text (facts: Go 1.19 strconv/quote.go, encoding/json/encode.go).
 */
export type ByteString = string;

const ascii = /^[\x00-\x7f]*$/;
/** Needs neither quoting nor escaping. */
const plain = /^[ !#-%'-;=?-[\]-~]*$/;
/** The same for JSON alone. */
const plainJson = /^[ !#-%'-;=?-[\]-\x7f]*$/;
const printable = /^[\p{L}\p{M}\p{N}\p{P}\p{S}]$/u;

export function toBytes(text: ByteString): Buffer {
  return Buffer.from(text, 'latin1');
}

/** From text to a byte string (its UTF-8). */
export function fromText(text: string): ByteString {
  return ascii.test(text) ? text : Buffer.from(text, 'utf8').toString('latin1');
}

/** For people and JSON results: bytes that are not UTF-8 become U+FFFD. */
export function toText(bytes: ByteString): string {
  return ascii.test(bytes) ? bytes : Buffer.from(bytes, 'latin1').toString('utf8');
}

/**
 * Decodes the UTF-8 sequence at `at`. `size` is its length; an invalid byte gives `rune` -1 and size 1, as in Go:
 * no surrogates, nothing overlong, nothing above U+10FFFF.
 */
function runeAt(bytes: ByteString, at: number): { rune: number; size: number } {
  const b0 = bytes.charCodeAt(at);
  if (b0 < 0x80) return { rune: b0, size: 1 };
  const invalid = { rune: -1, size: 1 };
  const need = b0 >= 0xf0 ? 4 : b0 >= 0xe0 ? 3 : 2;
  if (b0 < 0xc2 || b0 > 0xf4 || at + need > bytes.length) return invalid;
  let rune = b0 & (need === 4 ? 0x07 : need === 3 ? 0x0f : 0x1f);
  for (let i = 1; i < need; i++) {
    const b = bytes.charCodeAt(at + i);
    if ((b & 0xc0) !== 0x80) return invalid;
    rune = (rune << 6) | (b & 0x3f);
  }
  if (need === 3 && (rune < 0x800 || (rune >= 0xd800 && rune <= 0xdfff))) return invalid;
  if (need === 4 && (rune < 0x10000 || rune > 0x10ffff)) return invalid;
  return { rune, size: need };
}

export function isValidUtf8(bytes: ByteString): boolean {
  if (ascii.test(bytes)) return true;
  for (let at = 0; at < bytes.length;) {
    const { rune, size } = runeAt(bytes, at);
    if (rune < 0) return false;
    at += size;
  }
  return true;
}

const hex = (value: number, digits: number): string => value.toString(16).padStart(digits, '0');
const quoteEscapes = new Map([[7, '\\a'], [8, '\\b'], [12, '\\f'], [10, '\\n'], [13, '\\r'], [9, '\\t'], [11, '\\v']]);

/** Go's strconv.Quote without the quotes around it. */
export function quote(bytes: ByteString): ByteString {
  if (plain.test(bytes)) return bytes;
  let out = '';
  for (let at = 0; at < bytes.length;) {
    const { rune, size } = runeAt(bytes, at);
    if (rune < 0) out += `\\x${hex(bytes.charCodeAt(at), 2)}`;
    else if (rune === 0x22) out += '\\"';
    else if (rune === 0x5c) out += '\\\\';
    else if (rune >= 0x20 && rune < 0x7f) out += String.fromCharCode(rune);
    else if (rune >= 0x80 && printable.test(String.fromCodePoint(rune))) out += bytes.slice(at, at + size);
    else if (quoteEscapes.has(rune)) out += quoteEscapes.get(rune) ?? '';
    else if (rune < 0x20 || rune === 0x7f) out += `\\x${hex(rune, 2)}`;
    else if (rune < 0x10000) out += `\\u${hex(rune, 4)}`;
    else out += `\\U${hex(rune, 8)}`;
    at += size;
  }
  return out;
}

const unquoteEscapes = new Map([
  ['a', '\x07'], ['b', '\b'], ['f', '\f'], ['n', '\n'], ['r', '\r'], ['t', '\t'], ['v', '\v'], ['\\', '\\'], ['"', '"'],
]);
const escapeForms = [[/\\x([0-9a-fA-F]{2})/y, 'byte'], [/\\u([0-9a-fA-F]{4})/y, 'rune'], [/\\U([0-9a-fA-F]{8})/y, 'rune'], [/\\([0-3][0-7]{2})/y, 'octal']] as const;

/** Undoes `quote`. @returns null for text that Go's strconv.Unquote refuses. */
export function unquote(quoted: ByteString): ByteString | null {
  if (!quoted.includes('\\')) return quoted.includes('"') || quoted.includes('\n') ? null : quoted;
  let out = '';
  for (let at = 0; at < quoted.length;) {
    const c = quoted[at] ?? '';
    if (c === '"' || c === '\n') return null;
    if (c !== '\\') { out += c; at++; continue; }
    const simple = unquoteEscapes.get(quoted[at + 1] ?? '');
    if (simple !== undefined) { out += simple; at += 2; continue; }
    let matched = false;
    for (const [form, kind] of escapeForms) {
      form.lastIndex = at;
      const match = form.exec(quoted);
      if (!match?.[1]) continue;
      const value = parseInt(match[1], kind === 'octal' ? 8 : 16);
      if (kind === 'rune') {
        if (value > 0x10ffff || (value >= 0xd800 && value <= 0xdfff)) return null;
        out += fromText(String.fromCodePoint(value));
      } else out += String.fromCharCode(value);
      at += match[0].length;
      matched = true;
      break;
    }
    if (!matched) return null;
  }
  return out;
}

/** A JSON string as Go's encoding/json writes it (with HTML escaping), quotes included. */
export function jsonString(bytes: ByteString): ByteString {
  if (plainJson.test(bytes)) return `"${bytes}"`;
  let out = '"';
  for (let at = 0; at < bytes.length;) {
    const { rune, size } = runeAt(bytes, at);
    if (rune < 0) out += '\\ufffd';
    else if (rune === 0x22) out += '\\"';
    else if (rune === 0x5c) out += '\\\\';
    else if (rune === 0x0a) out += '\\n';
    else if (rune === 0x0d) out += '\\r';
    else if (rune === 0x09) out += '\\t';
    else if (rune < 0x20 || rune === 0x3c || rune === 0x3e || rune === 0x26 || rune === 0x2028 || rune === 0x2029) out += `\\u${hex(rune, 4)}`;
    else out += bytes.slice(at, at + size);
    at += size;
  }
  return `${out}"`;
}

/** `jsonString(quote(name))`, the two at once for the names that need neither. */
export function jsonName(name: ByteString): ByteString {
  return plain.test(name) ? `"${name}"` : jsonString(quote(name));
}
