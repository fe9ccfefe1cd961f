/** The hub as the page sees it: typed calls over HTTP, every answer parsed. */
import { errorShape } from '../../../main/shared/error-shape.js';
import { HoldfastError } from '../../../main/shared/errors.js';
import { apiPath, apiRoutes, csrfHeader, sessionViewSchema, type ApiParams, type ApiResult, type ApiRoute } from '../../../main/shared/protocol/api.js';

export class Api {
  /** Of the session; sent with every change. */
  private csrf: string | null = null;
  private onLoggedOut: () => void = () => undefined;

  /** `listener` is told when the hub no longer knows who is asking. */
  watch(listener: () => void): void {
    this.onLoggedOut = listener;
  }

  /** @throws HoldfastError with a sentence for the screen. */
  async call<N extends ApiRoute>(name: N, params: ApiParams<N>): Promise<ApiResult<N>> {
    const { http, path, result } = apiRoutes[name];
    const rest: Record<string, unknown> = { ...params };
    let url = apiPath(path).replace(/:(\w+)/g, (_whole, key: string) => {
      const value = rest[key];
      delete rest[key];
      return encodeURIComponent(typeof value === 'string' ? value : '');
    });
    if (http === 'GET') {
      const query = new URLSearchParams(Object.entries(rest).flatMap(([key, value]): [string, string][] => (value === undefined ? [] : [[key, String(value)]])));
      if (query.size > 0) url += `?${query}`;
    }
    let response: Response;
    try {
      response = await fetch(url, {
        method: http,
        ...(http === 'GET' ? {} : { body: JSON.stringify(rest), headers: { 'content-type': 'application/json', ...(this.csrf === null ? {} : { [csrfHeader]: this.csrf }) } }),
      });
    } catch (cause) {
      throw new HoldfastError('hub-unreachable', 'The hub does not answer. Check that it runs and that you are connected to its network.', { cause });
    }
    const json: unknown = await response.json().catch(() => null);
    if (response.ok) {
      const session = name === 'login' || name === 'session' ? sessionViewSchema.parse(json) : null;
      if (session !== null) this.csrf = session.csrf;
      return result.parse(json) as ApiResult<N>;
    }
    if (response.status === 401 && name !== 'login') this.onLoggedOut();
    const refusal = errorShape.safeParse(json);
    throw refusal.success ? HoldfastError.fromShape(refusal.data) : new HoldfastError('internal', `The hub answered with HTTP ${response.status}.`);
  }
}
