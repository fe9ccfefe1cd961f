/** Settings: whether Holdfast starts by itself, where new versions come from, what it may say, and where everything is. */
import { useEffect, useState, type ReactElement } from 'react';
import type { AgentState } from '../../../main/shared/control.js';
import type { AppSettings, IpcResult, Startup } from '../../../main/shared/ipc.js';
import { Button, Switch, TextField } from '../../components/controls.js';
import { useAction } from '../../components/action.js';
import { ErrorNotice, Facts, Notice } from '../../components/status.js';
import { useApi } from '../app/context.js';
import { Removal } from './Removal.js';

export function Settings({ state }: { state: AgentState }): ReactElement {
  const api = useApi();
  const [settings, setSettings] = useState<AppSettings | null>(null);
  const action = useAction();
  const { run } = action;
  useEffect(() => { void run(async () => setSettings(await api.call('settings', {}))); }, [api, run]);
  return (
    <div className="place__body">
      <div className="place__head" style={{ marginBottom: 0 }}><h1>Settings</h1></div>
      <ErrorNotice error={action.error} />
      <StartAtLogin />
      {settings === null ? null : (
        <>
          <Updates settings={settings} version={state.agent.version} onChange={setSettings} />
          <Notifications settings={settings} onChange={setSettings} />
          <Folders settings={settings} />
          <Removal />
        </>
      )}
    </div>
  );
}

function StartAtLogin(): ReactElement {
  const api = useApi();
  const [startup, setStartup] = useState<Startup | null>(null);
  const action = useAction();
  const { run } = action;
  useEffect(() => { void run(async () => setStartup(await api.call('startup', {}))); }, [api, run]);
  const set = (atLogin: boolean): void => void run(async () => setStartup(await api.call('setStartup', { atLogin })));
  return (
    <section className="card stack" aria-label="Start at login">
      <h2>Start at login</h2>
      <p>Backups run only while Holdfast does. As a service of your own account it starts when you log in, and again should it crash. Other people on this computer do not notice it.</p>
      {startup === null ? <p className="quiet" role="status">Asking the system…</p> : (
        <>
          {startup.atLogin === null
            ? <Notice tone="due">{startup.reason}</Notice>
            : <Switch isSelected={startup.atLogin} onChange={(on) => { if (!action.pending) set(on); }}>Start Holdfast when I log in</Switch>}
          {startup.atLogin === true ? <Facts rows={[['Service', startup.name ?? ''], ['State', startup.reason]]} /> : null}
        </>
      )}
      <ErrorNotice error={action.error} />
      <div className="row"><Button isDisabled={action.pending} onPress={() => void run(() => api.call('openLogs', {}))}>Open the folder of the logs</Button></div>
    </section>
  );
}

interface PartProps {
  settings: AppSettings;
  onChange: (settings: AppSettings) => void;
}

function Updates({ settings: { updates }, version, onChange }: PartProps & { version: string }): ReactElement {
  const api = useApi();
  const action = useAction();
  const [url, setUrl] = useState(updates.url ?? '');
  const [said, setSaid] = useState<IpcResult<'checkForUpdates'>['said'] | null>(null);
  const change = (automatic: boolean, address: string): void => void action.run(async () => {
    setSaid(null);
    onChange(await api.call('changeSettings', { updates: { automatic, url: address.trim() === '' ? null : address.trim() } }));
  });
  return (
    <section className="card stack" aria-label="Updates">
      <h2>Updates</h2>
      <Facts rows={[['This version', version], ...(updates.waiting === null ? [] : [['Loaded', `${updates.waiting}; it is installed when no backup runs and the window is closed`] as const])]} />
      {updates.by === 'others' ? <p>This installation belongs to your package manager, or to whoever unpacked it: new versions come the same way.</p> : (
        <>
          <Switch isSelected={updates.automatic} onChange={(on) => change(on, updates.url ?? '')}>Install new versions by itself</Switch>
          <TextField label="Where new versions come from" value={url} onChange={setUrl} help="The address of a folder, over https; the downloads of your hub, for example. Whoever fills that folder decides what runs on this computer." />
          <div className="row">
            <Button isDisabled={action.pending || url.trim() === (updates.url ?? '')} onPress={() => change(updates.automatic, url)}>Save</Button>
            <Button isDisabled={action.pending || updates.url === null} onPress={() => void action.run(async () => setSaid((await api.call('checkForUpdates', {})).said))}>Look now</Button>
          </div>
          {said === null ? null : <p role="status">{said}</p>}
        </>
      )}
      <ErrorNotice error={action.error} />
    </section>
  );
}

function Notifications({ settings, onChange }: PartProps): ReactElement {
  const api = useApi();
  const action = useAction();
  return (
    <section className="card stack" aria-label="Notifications">
      <h2>Notifications</h2>
      <Switch isSelected={settings.notifications} onChange={(notifications) => void action.run(async () => onChange(await api.call('changeSettings', { notifications })))}>
        Tell me when a backup fails or needs me
      </Switch>
      <ErrorNotice error={action.error} />
    </section>
  );
}

function Folders({ settings }: { settings: AppSettings }): ReactElement {
  return (
    <section className="card stack" aria-label="Where things are">
      <h2>Where things are</h2>
      <Facts rows={settings.folders.map(({ name, path }) => [name, <span key={name} className="code">{path}</span>] as const)} />
    </section>
  );
}
