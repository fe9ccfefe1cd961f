/** Undoes percent-encoding in a part of an address. A "%" that starts no code stands for itself, as in a folder called "100%". */
export function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
