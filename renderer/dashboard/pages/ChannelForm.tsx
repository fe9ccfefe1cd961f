/** Adds a way to be told, or changes one. What is secret goes to the hub and never comes back to a page. */
import { useState, type ReactElement } from 'react';
import type { z } from 'zod';
import { HoldfastError } from '../../../main/shared/errors.js';
import { channelChangeSchema, channelConfigSchema, type ChannelView } from '../../../main/shared/protocol/alerts.js';
import { Select, TextField } from '../../components/controls.js';
import { useApi } from '../app/context.js';
import { FormDialog } from '../app/parts.js';

const kinds = [{ id: 'email', name: 'Email' }, { id: 'ntfy', name: 'ntfy' }, { id: 'slack', name: 'Slack' }, { id: 'json', name: 'Other web address (JSON)' }, { id: 'desktop', name: 'Desktop of the hub\'s computer' }] as const;
type Kind = (typeof kinds)[number]['id'];
const securities = [{ id: 'starttls', name: 'STARTTLS (usually port 587)' }, { id: 'tls', name: 'TLS (usually port 465)' }, { id: 'none', name: 'None (same building only)' }] as const;
type Security = (typeof securities)[number]['id'];
const usualPort: Record<Security, string> = { starttls: '587', tls: '465', none: '25' };

const addressHelp: Record<'ntfy' | 'slack' | 'json', string> = {
  ntfy: 'With the topic at its end, such as https://ntfy.sh/our-backups.',
  slack: 'The address of an incoming webhook.',
  json: 'It is sent a POST with the problems as JSON.',
};

/** An empty field is one that was not given. */
const given = <K extends string>(key: K, text: string): { [P in K]?: string } => (text.trim() === '' ? {} : { [key]: text } as { [P in K]?: string });

/** @param channel the one to change; null for a new one. */
export function ChannelForm({ channel, onClose, onDone }: { channel: ChannelView | null; onClose: () => void; onDone: () => void }): ReactElement {
  const api = useApi();
  const old = channel?.settings ?? null;
  const mail = old?.kind === 'email' ? old : null;
  const [name, setName] = useState(channel?.name ?? '');
  const [kind, setKind] = useState<Kind>(old === null ? 'email' : old.kind === 'webhook' ? old.shape : old.kind);
  const [host, setHost] = useState(mail?.host ?? '');
  const [security, setSecurity] = useState<Security>(mail?.security ?? 'starttls');
  const [port, setPort] = useState(mail === null ? usualPort.starttls : String(mail.port));
  const [user, setUser] = useState(mail?.user ?? '');
  const [password, setPassword] = useState('');
  const [from, setFrom] = useState(mail?.from ?? '');
  const [to, setTo] = useState(mail?.to.join(', ') ?? '');
  const [url, setUrl] = useState('');
  const [token, setToken] = useState('');
  const [certificate, setCertificate] = useState(old === null || old.kind === 'desktop' ? '' : old.certificate ?? '');

  /** What the hub shall be told, once `schema` has found nothing wrong with it. */
  const checked = <T,>(schema: z.ZodType<T>): T => {
    const wish = kind === 'desktop' ? { kind }
      : kind === 'email' ? { kind, host, port: Number(port), security, from, to: to.split(/[\s,;]+/).filter((part) => part !== ''), ...given('user', user), ...given('password', password), ...given('certificate', certificate) }
        : { kind: 'webhook', shape: kind, ...(channel === null ? { url } : given('url', url)), ...given('token', token), ...given('certificate', certificate) };
    const parsed = schema.safeParse(wish);
    if (!parsed.success) throw new HoldfastError('usage', `That is not complete or not right: ${parsed.error.issues.map((issue) => issue.message).join('; ')}.`);
    return parsed.data;
  };
  const work = async (): Promise<void> => {
    if (channel === null) await api.call('createAlertChannel', { name, config: checked(channelConfigSchema) });
    else await api.call('updateAlertChannel', { id: channel.id, name, config: checked(channelChangeSchema) });
    onDone();
  };
  const keeps = channel === null ? '' : ' Leave it empty to keep the one there is.';
  return (
    <FormDialog wide title={channel === null ? 'Add a way to be told' : `Change "${channel.name}"`} doIt={channel === null ? 'Add' : 'Save'} onClose={onClose} work={work}>
      <TextField label="Name" help="Such as the people who are told." value={name} onChange={setName} />
      {channel === null ? <Select label="How" value={kind} onChange={setKind} options={kinds} /> : null}
      {kind === 'desktop' ? <p>The app on the hub's computer shows a notification.</p> : null}
      {kind === 'email' ? (
        <>
          <Select label="Encryption" value={security} onChange={(chosen) => { setSecurity(chosen); setPort(usualPort[chosen]); }} options={securities} />
          <div className="columns">
            <TextField label="Mail server" help="Its name, such as smtp.example.org." value={host} onChange={setHost} />
            <TextField label="Port" value={port} onChange={setPort} />
            <TextField label="User" help="Leave it empty where the server asks for none." value={user} onChange={setUser} />
            <TextField label="Mail password" type="password" {...(channel === null ? {} : { help: 'Leave it empty to keep the one there is.' })} value={password} onChange={setPassword} />
            <TextField label="From" value={from} onChange={setFrom} />
          </div>
          <TextField label="To" help="One address or several." value={to} onChange={setTo} />
        </>
      ) : null}
      {kind === 'ntfy' || kind === 'slack' || kind === 'json' ? (
        <>
          <TextField label="Address" help={`${addressHelp[kind]}${keeps}`} value={url} onChange={setUrl} />
          {kind === 'slack' ? null : <TextField label="Access token" type="password" help={channel === null ? 'Leave it empty where none is needed.' : 'Leave it and the address empty to keep what there is.'} value={token} onChange={setToken} />}
        </>
      ) : null}
      {kind === 'desktop' ? null : <TextField multiline label="Certificate of the server" help="Only where no public authority vouches for it: its text, from BEGIN CERTIFICATE to END CERTIFICATE." value={certificate} onChange={setCertificate} />}
    </FormDialog>
  );
}
