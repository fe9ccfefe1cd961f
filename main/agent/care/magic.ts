/** How files of a kind begin, by their extension (facts: the formats' own specifications, as the `file` program collects them). Pure. */

interface Magic { readonly at: number; readonly bytes: readonly number[] }
const hex = (text: string, at = 0): Magic => ({ at, bytes: [...Uint8Array.from(text.match(/../g) ?? [], (pair) => parseInt(pair, 16))] });
const ascii = (text: string, at = 0): Magic => ({ at, bytes: [...text].map((letter) => letter.charCodeAt(0)) });

const zip = [ascii('PK')];
const ole = [hex('d0cf11e0a1b11ae1')];
const riff = [ascii('RIFF')];
const isoMedia = ['ftyp', 'moov', 'mdat', 'free', 'skip', 'wide'].map((box) => ascii(box, 4));

const kinds = new Map<string, readonly Magic[]>(Object.entries({
  jpg: [hex('ffd8ff')], jpeg: [hex('ffd8ff')], png: [hex('89504e47')], gif: [ascii('GIF8')], webp: riff, tif: [ascii('II'), ascii('MM')], tiff: [ascii('II'), ascii('MM')], psd: [ascii('8BPS')],
  mp4: isoMedia, m4a: isoMedia, m4v: isoMedia, mov: isoMedia, heic: isoMedia, avi: riff, wav: riff, flac: [ascii('fLaC'), ascii('ID3')], ogg: [ascii('OggS')],
  pdf: [ascii('%PDF')], docx: zip, xlsx: zip, pptx: zip, odt: zip, ods: zip, odp: zip, epub: zip, jar: zip, zip,
  doc: ole, xls: ole, ppt: ole, gz: [hex('1f8b')], tgz: [hex('1f8b')], xz: [hex('fd377a585a')], bz2: [ascii('BZh')], '7z': [hex('377abcaf271c')], rar: [ascii('Rar!')], zst: [hex('28b52ffd')],
  sqlite: [ascii('SQLite format 3')], sqlite3: [ascii('SQLite format 3')],
}));

/** Bytes of a file's beginning that are looked at. */
export const headLength = 16;

/** @returns null for an extension that says nothing, or for no content. */
export function headFits(path: string, head: Uint8Array): boolean | null {
  const name = path.slice(path.lastIndexOf('/') + 1);
  const dot = name.lastIndexOf('.');
  const magics = dot <= 0 ? undefined : kinds.get(name.slice(dot + 1).toLowerCase());
  if (magics === undefined || head.length === 0) return null;
  return magics.some(({ at, bytes }) => bytes.every((byte, i) => head[at + i] === byte));
}
