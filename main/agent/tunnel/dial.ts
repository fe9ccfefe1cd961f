/** The thin edge to the network: a WebSocket over a socket that has proved to lead to the right hub. */
import WebSocket from 'ws';
import { asHoldfastError, HoldfastError } from '../../shared/errors.js';
import { maxFrameBytes, subprotocol, tunnelPath } from '../../shared/protocol/messages.js';
import type { TunnelIdentity } from '../tunnel-port.js';
import { explain, openSocket } from './secure-socket.js';
import type { Dial, Wire, WireListener } from './wire.js';

const upgradeWithin = 20_000;

/** Never calls the listener before it has returned. */
export const dialWebSocket: Dial = (identity, listener) => new WebSocketWire(identity, listener);

class WebSocketWire implements Wire {
  private socket: WebSocket | null = null;
  private readonly abort = new AbortController();
  private error: HoldfastError | null = null;
  private over = false;

  constructor(private readonly identity: TunnelIdentity, private readonly listener: WireListener) {
    void this.open();
  }

  send(text: string): void {
    if (this.socket?.readyState === WebSocket.OPEN) this.socket.send(text);
  }

  ping(): void {
    if (this.socket?.readyState === WebSocket.OPEN) this.socket.ping();
  }

  close(code: number, reason: string): void {
    if (this.socket === null) this.abort.abort();
    else this.socket.close(code, reason.slice(0, 120));
  }

  terminate(): void {
    if (this.socket === null) this.abort.abort();
    else this.socket.terminate();
  }

  private async open(): Promise<void> {
    try {
      const transport = await openSocket(this.identity, this.abort.signal);
      this.upgrade(transport);
    } catch (thrown) {
      this.end(1006, '', asHoldfastError(thrown));
    }
  }

  private upgrade(transport: Awaited<ReturnType<typeof openSocket>>): void {
    const { url, token } = this.identity;
    const socket = new WebSocket(new URL(tunnelPath, url.replace(/^http/, 'ws')), subprotocol, {
      headers: { authorization: `Bearer ${token}` },
      createConnection: () => transport, // used only where no agent is named
      handshakeTimeout: upgradeWithin,
      maxPayload: maxFrameBytes,
      perMessageDeflate: false,
      followRedirects: false,
    });
    this.socket = socket;
    socket.on('open', () => this.listener.opened());
    socket.on('message', (data, isBinary) => {
      this.listener.heard();
      if (isBinary) socket.close(4400, 'binary frame');
      else this.listener.text(Buffer.isBuffer(data) ? data.toString('utf8') : '');
    });
    socket.on('ping', () => this.listener.heard());
    socket.on('pong', () => this.listener.heard());
    socket.on('unexpected-response', (request, response) => {
      this.error = answered(response.statusCode ?? 0, url);
      response.destroy();
      request.destroy();
    });
    socket.on('error', (error) => { this.error ??= explain(error, this.identity); });
    socket.on('close', (code, reason) => this.end(code, reason.toString('utf8'), this.error));
  }

  private end(code: number, reason: string, error: HoldfastError | null): void {
    if (this.over) return;
    this.over = true;
    this.listener.closed(code, reason, error);
  }
}

function answered(status: number, url: string): HoldfastError {
  if (status === 429) return new HoldfastError('hub-unreachable', `The hub at ${url} refuses this computer for a while after too many wrong tokens.`);
  if (status === 503) return new HoldfastError('hub-unreachable', `The hub at ${url} is busy or is shutting down.`);
  return new HoldfastError('hub-unreachable', `What answers at ${url} is not a Holdfast hub (HTTP ${status}). Check the address.`);
}
