/** Sends one message through one channel. Every failure is a HoldfastError whose sentence holds no secret. */
import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { HoldfastError } from '../../shared/errors.js';
import type { ChannelConfig, EmailConfig, WebhookConfig } from '../../shared/protocol/alerts.js';
import { topicOf } from './channels.js';
import { bodyOf, subjectOf, type News } from './message.js';

export interface DesktopNotice {
  readonly title: string;
  readonly body: string;
}

export interface SendPorts {
  /** Null where the hub has no desktop. */
  readonly desktop: ((notice: DesktopNotice) => void) | null;
}

/** A server that is there answers sooner, ms. */
const within = 20_000;

export async function send(config: ChannelConfig, news: News, { desktop }: SendPorts): Promise<void> {
  switch (config.kind) {
    case 'email': return mail(config, news);
    case 'webhook': return post(config, news);
    case 'desktop':
      if (desktop === null) throw new HoldfastError('usage', 'The app on the hub\'s computer is not running, so nobody is shown notifications there.', { retryable: true });
      desktop({ title: subjectOf(news), body: bodyOf(news) });
  }
}

async function mail(config: EmailConfig, news: News): Promise<void> {
  // Loaded when there is something to send: most hubs have nothing to say most of the time.
  const { createTransport } = await import('nodemailer');
  const transport = createTransport({
    host: config.host, port: config.port,
    secure: config.security === 'tls', requireTLS: config.security === 'starttls', ignoreTLS: config.security === 'none',
    ...(config.user === undefined || config.password === undefined ? {} : { auth: { user: config.user, pass: config.password } }),
    ...(config.certificate === undefined ? {} : { tls: { ca: config.certificate } }),
    connectionTimeout: within, greetingTimeout: within, socketTimeout: within,
    disableFileAccess: true, disableUrlAccess: true,
  });
  try {
    const text = `${bodyOf(news)}\n\n-- \n${news.hub.name}\n${news.hub.url}\n`;
    await transport.sendMail({ from: { name: `Holdfast on ${news.hub.name}`, address: config.from }, to: config.to, subject: subjectOf(news), text, headers: { 'Auto-Submitted': 'auto-generated' } });
  } catch (cause) {
    throw refusal(`The mail server ${config.host}:${config.port}`, cause, [config.password]);
  } finally {
    transport.close();
  }
}

function post(config: WebhookConfig, news: News): Promise<void> {
  const { url, body } = bodyFor(config, news);
  const target = new URL(url);
  const payload = JSON.stringify(body);
  return new Promise((resolve, reject) => {
    const failed = (cause: unknown): void => reject(refusal(target.origin, cause, [config.token, url, target.pathname === '/' ? undefined : target.pathname]));
    const headers = {
      'content-type': 'application/json', 'content-length': Buffer.byteLength(payload), 'user-agent': 'Holdfast',
      ...(config.token === undefined ? {} : { authorization: `Bearer ${config.token}` }),
    };
    const ask = target.protocol === 'http:' ? httpRequest : httpsRequest;
    const request = ask(target, { method: 'POST', headers, agent: false, ...(config.certificate === undefined ? {} : { ca: config.certificate }) }, (response) => {
      response.resume();
      const status = response.statusCode ?? 0;
      // A redirect is not followed: the address was given for this message, not another.
      if (status >= 200 && status < 300) response.once('end', resolve);
      else failed(new Error(`HTTP ${status}`));
      response.once('error', failed);
    });
    // The whole of it, not a pause in it: a server that drips bytes must not keep a message for ever.
    const timer = setTimeout(() => request.destroy(new Error(`no answer within ${within / 1000} s`)), within);
    request.once('close', () => clearTimeout(timer));
    request.once('error', failed);
    request.end(payload);
  });
}

function bodyFor(config: WebhookConfig, news: News): { url: string; body: object } {
  const title = subjectOf(news);
  switch (config.shape) {
    case 'json':
      return { url: config.url, body: { hub: news.hub, title, text: bodyOf(news), alerts: news.items } };
    case 'slack':
      // Slack's mrkdwn: only these three characters have a meaning that must be taken away.
      return { url: config.url, body: { text: `*${escaped(title)}*\n${escaped(bodyOf(news))}` } };
    case 'ntfy': {
      // Published as JSON to the server's root, because headers hold no letters beyond ASCII.
      const place = topicOf(config.url);
      const open = news.items.some((item) => item.state === 'open');
      return { url: place?.server ?? config.url, body: { topic: place?.topic ?? '', title, message: bodyOf(news), priority: open ? 4 : 3, tags: [open ? 'warning' : 'white_check_mark'] } };
    }
  }
}

const escaped = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');

/** The server's own first line, with everything secret taken out of it. */
function refusal(who: string, cause: unknown, secrets: readonly (string | undefined)[]): HoldfastError {
  let text = (cause instanceof Error ? cause.message : String(cause)).split('\n', 1)[0]?.slice(0, 300) ?? '';
  for (const secret of secrets) if (secret !== undefined && secret !== '') text = text.replaceAll(secret, '…').replaceAll(Buffer.from(secret).toString('base64'), '…');
  return new HoldfastError('offline', `${who} did not take the message (${text}). Check its address, its certificate and what it wants to be told.`, { cause, retryable: true });
}
