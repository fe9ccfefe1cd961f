import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { HoldfastError } from '../../../main/shared/errors.js';
import { formatLink, parseHubUrl, parseLink } from '../../../main/shared/protocol/link.js';
import { parseToken } from '../../../main/shared/protocol/token.js';

const token = fc.tuple(fc.integer({ min: 1, max: 999_999 }), fc.stringMatching(/^[A-Za-z0-9]{40}$/)).map(([id, secret]) => `${id}|${secret}`);

describe('setup links', () => {
  it('come back as they were written', () => {
    fc.assert(fc.property(fc.constantFrom('join' as const, 'agent' as const), fc.domain(), fc.integer({ min: 1, max: 65535 }), token,
      fc.option(fc.stringMatching(/^[0-9a-f]{64}$/)), (kind, host, port, secret, fingerprint) => {
        const url = new URL(`https://${host}:${port}`).origin;
        expect(parseLink(formatLink({ kind, url, token: secret, fingerprint }))).toEqual({ kind, url, token: secret, fingerprint });
      }));
  });

  it('end in one sentence whatever is pasted, and never quote the token', () => {
    fc.assert(fc.property(fc.oneof(fc.string(), fc.webUrl(), fc.string().map((s) => `holdfast://join?hub=https://a&token=7|${'s'.repeat(39)}&${s}`)), (text) => {
      try {
        parseLink(text);
      } catch (error) {
        expect(error).toBeInstanceOf(HoldfastError);
        expect((error as HoldfastError).message).not.toContain('sssss');
        expect((error as HoldfastError).message).not.toContain('\n');
      }
    }));
  });

  it('refuse a hub that is not encrypted, unless it is this computer', () => {
    expect(() => parseHubUrl('http://office.example')).toThrow(/not encrypted/);
    expect(parseHubUrl('http://127.0.0.1:7878')).toBe('http://127.0.0.1:7878');
    expect(() => parseHubUrl('https://office.example/path')).toThrow(/all that a hub address may hold/);
    expect(() => parseHubUrl('office')).toThrow(/not a hub address/);
  });
});

describe('tokens', () => {
  it('are an id, a bar and forty characters', () => {
    fc.assert(fc.property(token, (text) => {
      const [id, secret] = text.split('|');
      expect(parseToken(text)).toEqual({ id: Number(id), secret });
    }));
    for (const bad of ['', '|', '1|short', `0|${'a'.repeat(40)}`, `1|${'a'.repeat(41)}`, `1|${'-'.repeat(40)}`]) expect(parseToken(bad)).toBeNull();
  });
});
