/** The hub inside this app: its dashboard, and whether other computers can reach it. */
import { useEffect, useState, type ReactElement } from 'react';
import type { AgentState } from '../../../main/shared/control.js';
import type { OwnHubView } from '../../../main/shared/ipc.js';
import { Button, Switch } from '../../components/controls.js';
import { useAction } from '../../components/action.js';
import { ErrorNotice, Facts, Notice } from '../../components/status.js';
import { useApi } from '../app/context.js';

export function OwnHub({ state: { connection } }: { state: AgentState }): ReactElement | null {
  const api = useApi();
  const [hub, setHub] = useState<OwnHubView | null>(null);
  const action = useAction();
  const { run } = action;
  useEffect(() => { void run(async () => setHub(await api.call('ownHub', {}))); }, [api, connection.hub, run]);
  if (hub === null) return null;
  return (
    <section className="card stack" aria-label="The hub of this computer">
      <div className="row">
        <h2>The hub of this computer</h2>
        <span className="push"><Button isDisabled={action.pending} onPress={() => void action.run(() => api.call('openDashboard', {}))}>Open dashboard</Button></span>
      </div>
      <p className="quiet">It keeps jobs and their history, and can look after the other computers of a family or an office. Its dashboard opens in your browser, which warns of a certificate that it does not know: it is this hub's own.</p>
      {hub.fixed === null ? (
        <Switch isSelected={hub.lan} onChange={(lan) => { if (!action.pending) void action.run(async () => setHub(await api.call('openOwnHub', { lan }))); }}>
          Other computers in my network may reach it
        </Switch>
      ) : <p>{hub.fixed}</p>}
      {hub.lan && hub.address !== null ? <Facts rows={[['Address', <span key="address" className="code">{hub.address}</span>]]} /> : null}
      {hub.lan && hub.address === null ? <Notice tone="due">This computer is in no network now. Others can reach the hub once it is.</Notice> : null}
      {hub.lan && hub.fixed === null ? <p className="small quiet">Add a computer on the dashboard, under Setup tokens: its script or link goes to the other computer. Whoever can reach the address can try to log in, ten times in five minutes. In a network that you do not trust, switch this off.</p> : null}
      <ErrorNotice error={action.error} />
    </section>
  );
}
