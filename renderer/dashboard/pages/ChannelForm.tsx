/** Adds a way to be told. What is secret goes to the hub and never comes back to a page. */
import { useState, type ReactElement } from 'react';
import { HoldfastError } from '../../../main/shared/errors.js';
import { channelConfigSchema, type ChannelConfig } from '../../../main/shared/protocol/alerts.js';
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

export function ChannelForm({ onClose, onDone }: { onClose: () => void; onDone: () => void }): ReactElement {
  const api = useApi();
  const [name, setName] = useState('');
  const [kind, setKind] = useState<Kind>('email');
  const [host, setHost] = useState('');
  const [security, setSecurity] = useState<Security>('starttls');
  const [port, setPort] = useState(usualPort.starttls);
  const [user, setUser] = useState('');
  const [password, setPassword] = useState('');
  const [from, setFrom] = useState('');
  const [to, setTo] = useState('');
  const [url, setUrl] = useState('');
  const [token, setToken] = useState('');
  const [certificate, setCertificate] = useState('');

  const config = (): ChannelConfig => {
    const wish = kind === 'desktop' ? { kind }
      : kind === 'email' ? { kind, host, port: Number(port), security, from, to: to.split(/[\s,;]+/).filter((part) => part !== ''), ...given('user', user), ...given('password', password), ...given('certificate', certificate) }
        : { kind: 'webhook', shape: kind, url, ...given('token', token), ...given('certificate', certificate) };
    const parsed = channelConfigSchema.safeParse(wish);
    if (!parsed.success) throw new HoldfastError('usage', `That is not complete or not right: ${parsed.error.issues.map((issue) => issue.message).join('; ')}.`);
    return parsed.data;
  };
  const work = async (): Promise<void> => {
    await api.call('createAlertChannel', { name, config: config() });
    onDone();
  };
  return (
    <FormDialog wide title="Add a way to be told" doIt="Add" onClose={onClose} work={work}>
      <TextField label="Name" help="Such as the people who are told." value={name} onChange={setName} />
      <Select label="How" value={kind} onChange={setKind} options={kinds} />
      {kind === 'desktop' ? <p>The app on the hub's computer shows a notification.</p> : null}
      {kind === 'email' ? (
        <>
          <div className="columns">
            <TextField label="Mail server" help="Its name, such as smtp.example.org." value={host} onChange={setHost} />
            <Select label="Encryption" value={security} onChange={(chosen) => { setSecurity(chosen); setPort(usualPort[chosen]); }} options={securities} />
            <TextField label="Port" value={port} onChange={setPort} />
            <TextField label="User" help="Leave it empty where the server asks for none." value={user} onChange={setUser} />
            <TextField label="Mail password" type="password" value={password} onChange={setPassword} />
            <TextField label="From" value={from} onChange={setFrom} />
          </div>
          <TextField label="To" help="One address or several." value={to} onChange={setTo} />
        </>
      ) : null}
      {kind === 'ntfy' || kind === 'slack' || kind === 'json' ? (
        <>
          <TextField label="Address" help={addressHelp[kind]} value={url} onChange={setUrl} />
          {kind === 'slack' ? null : <TextField label="Access token" type="password" help="Leave it empty where none is needed." value={token} onChange={setToken} />}
        </>
      ) : null}
      {kind === 'desktop' ? null : <TextField multiline label="Certificate of the server" help="Only where no public authority vouches for it: its text, from BEGIN CERTIFICATE to END CERTIFICATE." value={certificate} onChange={setCertificate} />}
    </FormDialog>
  );
}
