/** No secret in a log line, whoever wrote the line. */

const token = /(\b[1-9]\d{0,14}\|)[A-Za-z0-9]{40}\b/g;
/** `password=…`, `"password": "…"`, `PASSWORD: …` and the like. */
const named = /((?:password|passwd|secret|authorization)["']?\s*[=:]\s*)(?:"[^"]*"|'[^']*'|Bearer\s+\S+|\S+)/gi;
/** `https://user:secret@host`. */
const inUrl = /(\b[a-z][a-z0-9+.-]*:\/\/[^\s/:@]*:)[^\s/@]+@/gi;
/** What a repository password made by Holdfast looks like. */
const made = /\b(?:[a-z2-9]{4}-){7}[a-z2-9]{4}\b/g;

const hidden = '[hidden]';

export function redact(text: string): string {
  return text
    .replace(token, `$1${hidden}`)
    .replace(named, `$1${hidden}`)
    .replace(inUrl, `$1${hidden}@`)
    .replace(made, hidden);
}
