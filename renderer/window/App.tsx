/** The frame of the window: places at the left, the truth on top, one place below it. */
import { useEffect, useState, type ReactElement } from 'react';
import { Tab, TabList, TabPanel, Tabs } from 'react-aria-components';
import type { AgentState } from '../../main/shared/control.js';
import { activeRun, runShare } from '../../main/shared/phrases.js';
import { Progress } from '../components/controls.js';
import { Icon, type IconName } from '../components/Icon.js';
import { ErrorNotice, StatusBanner } from '../components/status.js';
import { useAgent, useApi } from './app/context.js';
import { Connection } from './places/Connection.js';
import { Jobs } from './places/Jobs.js';
import { Logs } from './places/Logs.js';
import { Restore } from './places/Restore.js';
import { Settings } from './places/Settings.js';
import { Setup } from './setup/Setup.js';

const places = [
  { id: 'connection', name: 'Connection', icon: 'link' },
  { id: 'jobs', name: 'Jobs', icon: 'jobs' },
  { id: 'restore', name: 'Restore', icon: 'restore' },
  { id: 'logs', name: 'Logs', icon: 'logs' },
  { id: 'settings', name: 'Settings', icon: 'settings' },
] as const satisfies readonly { id: string; name: string; icon: IconName }[];
type PlaceId = (typeof places)[number]['id'];

/** The place that the tray opened the window for. */
const askedFor = (): PlaceId | null => places.find(({ id }) => `#${id}` === window.location.hash)?.id ?? null;

export function App(): ReactElement {
  const { state, error } = useAgent();
  const [place, setPlace] = useState<PlaceId>(askedFor() ?? 'jobs');
  /** Null until a person, or the lack of any job, decides. */
  const [settingUp, setSettingUp] = useState<boolean | null>(askedFor() === null ? null : false);
  const api = useApi();
  useEffect(() => api.on('show', (event) => {
    setSettingUp(false);
    setPlace(event.place);
  }), [api]);

  if (state === null) {
    return <main className="starting">{error === null ? <p className="quiet" role="status">Holdfast is starting…</p> : <ErrorNotice error={error} />}</main>;
  }
  const firstStart = state.jobs.length === 0 && state.connection.state !== 'paused';
  if (settingUp ?? firstStart) {
    return (
      <Setup
        state={state}
        onBegin={() => setSettingUp(true)}
        onLeave={(goTo) => {
          setSettingUp(false);
          setPlace(goTo);
        }}
      />
    );
  }
  return (
    <Tabs className="frame" orientation="vertical" keyboardActivation="manual" selectedKey={place} onSelectionChange={(key) => setPlace(places.find(({ id }) => id === key)?.id ?? 'jobs')}>
      <nav className="sidebar" aria-label="Places">
        <p className="sidebar__mark"><Icon name="shield" />Holdfast</p>
        <TabList className="sidebar__places" aria-label="Places">
          {places.map(({ id, name, icon }) => <Tab key={id} id={id} className="tab"><Icon name={icon} />{name}</Tab>)}
        </TabList>
        <p className="sidebar__computer small quiet">{state.agent.name}<br />Holdfast {state.agent.version}</p>
      </nav>
      <main className="content">
        <Truth state={state} />
        <div className="content__error"><ErrorNotice error={error} /></div>
        <TabPanel id="connection" className="place"><Connection state={state} /></TabPanel>
        <TabPanel id="jobs" className="place"><Jobs state={state} onAdd={() => setSettingUp(true)} /></TabPanel>
        <TabPanel id="restore" className="place"><Restore state={state} /></TabPanel>
        <TabPanel id="logs" className="place place--fill"><Logs /></TabPanel>
        <TabPanel id="settings" className="place"><Settings state={state} /></TabPanel>
      </main>
    </Tabs>
  );
}

function Truth({ state }: { state: AgentState }): ReactElement {
  const run = activeRun(state);
  return (
    <StatusBanner status={state.status} reason={state.reason}>
      {run === null ? null : <div className="truth__run"><Progress label={`Backing up ${run.jobName}`} words={`Backing up "${run.jobName}"`} share={runShare(run)} /></div>}
    </StatusBanner>
  );
}
