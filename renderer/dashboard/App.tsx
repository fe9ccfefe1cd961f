/** The frame of the page: who is asking, the places at the left, one of them beside it. The address names the place. */
import { useEffect, useState, type ReactElement } from 'react';
import { Tab, TabList, TabPanel, Tabs } from 'react-aria-components';
import { asHoldfastError, type ErrorShape } from '../../main/shared/errors.js';
import type { SessionView } from '../../main/shared/protocol/api.js';
import { Button } from '../components/controls.js';
import { Icon, type IconName } from '../components/Icon.js';
import { Notice } from '../components/status.js';
import { SessionContext, useApi } from './app/context.js';
import { Agents } from './pages/Agents.js';
import { Alerts } from './pages/Alerts.js';
import { AuditLog } from './pages/AuditLog.js';
import { Jobs } from './pages/Jobs.js';
import { Login } from './pages/Login.js';
import { Restore } from './pages/Restore.js';
import { Runs } from './pages/Runs.js';
import { Settings } from './pages/Settings.js';
import { SetupTokens } from './pages/SetupTokens.js';
import { Storage } from './pages/Storage.js';

const places = [
  { id: 'agents', name: 'Agents', icon: 'disk', page: Agents },
  { id: 'setup-tokens', name: 'Setup tokens', icon: 'link', page: SetupTokens },
  { id: 'jobs', name: 'Jobs', icon: 'jobs', page: Jobs },
  { id: 'runs', name: 'Runs', icon: 'clock', page: Runs },
  { id: 'restore', name: 'Restore', icon: 'restore', page: Restore },
  { id: 'storage', name: 'Storage', icon: 'folder', page: Storage },
  { id: 'alerts', name: 'Alerts', icon: 'warning', page: Alerts },
  { id: 'settings', name: 'Settings', icon: 'key', page: Settings },
  { id: 'audit', name: 'Audit log', icon: 'logs', page: AuditLog },
] as const satisfies readonly { id: string; name: string; icon: IconName; page: () => ReactElement }[];

const placeOf = (hash: string): string => places.find(({ id }) => `#${id}` === hash)?.id ?? 'agents';

/** `unknown` until the hub has said who is asking. */
type Who = SessionView | 'unknown' | 'nobody';

export function App(): ReactElement {
  const api = useApi();
  const [who, setWho] = useState<Who>('unknown');
  const [error, setError] = useState<ErrorShape | null>(null);
  useEffect(() => {
    let over = false;
    const enter = async (): Promise<void> => {
      const code = /^#login=([A-Za-z0-9]+)$/.exec(location.hash)?.[1];
      // It works once, and must not stay in the history.
      if (code !== undefined) history.replaceState(null, '', '/');
      try {
        const session = code === undefined ? await api.call('session', {}) : await api.call('login', { code });
        if (over) return;
        setWho(session);
      } catch (thrown) {
        if (over) return;
        const failure = asHoldfastError(thrown);
        if (code !== undefined || failure.code !== 'token-unknown') setError(failure.toShape());
        setWho('nobody');
      }
    };
    api.watch(() => setWho('nobody'));
    void enter();
    return () => { over = true; };
  }, [api]);

  if (who === 'unknown') return <main className="starting"><p className="quiet" role="status">Asking the hub…</p></main>;
  if (who === 'nobody') {
    return (
      <Login
        error={error}
        onDone={(session) => {
          setError(null);
          setWho(session);
        }}
      />
    );
  }
  return <SessionContext value={who}><Frame session={who} onLeave={() => setWho('nobody')} /></SessionContext>;
}

function Frame({ session, onLeave }: { session: SessionView; onLeave: () => void }): ReactElement {
  const api = useApi();
  const [place, setPlace] = useState(() => placeOf(location.hash));
  useEffect(() => {
    const moved = (): void => setPlace(placeOf(location.hash));
    addEventListener('hashchange', moved);
    return () => removeEventListener('hashchange', moved);
  }, []);
  return (
    <Tabs className="frame" orientation="vertical" keyboardActivation="manual" selectedKey={place} onSelectionChange={(key) => { location.hash = String(key); }}>
      <nav className="sidebar" aria-label="Places">
        <p className="sidebar__mark"><Icon name="shield" />{session.hub.name}</p>
        <TabList className="sidebar__places" aria-label="Places">
          {places.map(({ id, name, icon }) => <Tab key={id} id={id} className="tab"><Icon name={icon} />{name}</Tab>)}
        </TabList>
        <div className="sidebar__foot small">
          <p className="quiet">{session.user?.name} ({session.role === 'admin' ? 'may change everything' : 'may look'})<br />Holdfast {session.hub.version}</p>
          <Button look="quiet" onPress={() => void api.call('logout', {}).catch(() => undefined).then(onLeave)}>Log out</Button>
        </div>
      </nav>
      <main className="content">
        {session.user?.hasPassword === false && place !== 'settings'
          ? <div className="content__notice"><Notice tone="due" action={<Button onPress={() => { location.hash = 'settings'; }}>Set a password</Button>}>You came in by a login link and have no password yet.</Notice></div>
          : null}
        {places.map(({ id, page: Page }) => <TabPanel key={id} id={id} className="place"><Page /></TabPanel>)}
      </main>
    </Tabs>
  );
}

