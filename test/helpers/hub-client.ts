/** Speaks HTTP with a hub as a browser or a program does, header by header. Knows the hub by its self-signed certificate only. */
import { request } from 'node:https';

export interface Answer {
  readonly status: number;
  readonly headers: Record<string, string | string[] | undefined>;
  readonly text: string;
  readonly json: unknown;
}

export interface Ask {
  readonly method?: string;
  readonly body?: unknown;
  readonly headers?: Record<string, string>;
}

export function askHub(url: string, path: string, { method = 'GET', body, headers = {} }: Ask = {}): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const text = body === undefined ? null : JSON.stringify(body);
    const asking = request(`${url}${path}`, {
      method, rejectUnauthorized: false, agent: false,
      headers: { ...(text === null ? {} : { 'content-type': 'application/json', 'content-length': String(Buffer.byteLength(text)) }), ...headers },
    }, (response) => {
      let answer = '';
      response.setEncoding('utf8');
      response.on('data', (piece: string) => { answer += piece; });
      response.on('end', () => {
        const isJson = (response.headers['content-type'] ?? '').includes('json');
        resolve({ status: response.statusCode ?? 0, headers: response.headers, text: answer, json: isJson ? JSON.parse(answer) : null });
      });
    });
    asking.on('error', reject);
    asking.end(text ?? undefined);
  });
}

export interface Browser {
  readonly cookie: string;
  readonly csrf: string;
  ask(path: string, ask?: Ask): Promise<Answer>;
}

/** Logs in through a login link or with name and password. */
export async function logIn(url: string, how: { code: string } | { name: string; password: string }): Promise<Browser> {
  const answer = await askHub(url, '/api/v1/session', { method: 'POST', body: how });
  if (answer.status !== 200) throw new Error(`login: ${answer.status} ${answer.text}`);
  const cookie = String(answer.headers['set-cookie']).split(';', 1)[0] ?? '';
  const csrf = String((answer.json as { csrf: unknown }).csrf);
  return { cookie, csrf, ask: (path, ask = {}) => askHub(url, path, { ...ask, headers: { cookie, 'x-holdfast-csrf': csrf, ...ask.headers } }) };
}

export const codeOf = (link: { url: string }): { code: string } => ({ code: new URL(link.url).hash.replace('#login=', '') });
