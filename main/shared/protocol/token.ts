/** Setup and agent tokens share one shape: `<id>|<40 characters>`. The id finds the row, the secret proves the right to it. */
import { z } from 'zod';

export const tokenSchema = z.string().trim().regex(/^[1-9]\d{0,14}\|[A-Za-z0-9]{40}$/, 'a token looks like 12|… with 40 characters after the bar');

/** @returns the two parts, or null when the text is not a token. */
export function parseToken(text: string): { id: number; secret: string } | null {
  const parsed = tokenSchema.safeParse(text);
  if (!parsed.success) return null;
  const bar = parsed.data.indexOf('|');
  return { id: Number(parsed.data.slice(0, bar)), secret: parsed.data.slice(bar + 1) };
}
