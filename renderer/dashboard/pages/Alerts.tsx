/** What is wrong, what was, and who is told of it. */
import { useState, type ReactElement } from 'react';
import type { AlertSettings, AlertView, ChannelView } from '../../../main/shared/protocol/alerts.js';
import { ageText } from '../../../main/shared/text.js';
import { Button, Switch, TextField } from '../../components/controls.js';
import { Icon } from '../../components/Icon.js';
import { Empty, ErrorNotice } from '../../components/status.js';
import { useAction, useNow } from '../../components/action.js';
import { useApi, useFresh, useIsAdmin } from '../app/context.js';
import { Confirm, FormDialog, Loading, PageHead, Table } from '../app/parts.js';
import { momentText } from '../app/times.js';
import { ChannelForm } from './ChannelForm.js';

export function Alerts(): ReactElement {
  const { data, error } = useFresh('listAlerts', { limit: 200 });
  const now = useNow();
  const open = data?.filter((alert) => alert.overAt === null) ?? [];
  const over = data?.filter((alert) => alert.overAt !== null) ?? [];
  return (
    <div className="page">
      <PageHead title="Alerts" lead="Each problem is told once, and once when it is over." />
      {data === null ? <Loading error={error} /> : open.length === 0
        ? <div className="card"><Empty level={2} icon="check" title="Nothing is wrong"><p>Jobs that are overdue or failed and computers that are gone appear here.</p></Empty></div>
        : <AlertTable label="Problems" alerts={open} last="Since" lastOf={(alert) => ageText(now - Date.parse(alert.openedAt))} />}
      <Channels />
      <Limits />
      {over.length === 0 ? null : (
        <section className="stack">
          <h2>Over</h2>
          <AlertTable label="Problems that are over" alerts={over} last="Lasted" lastOf={(alert) => ageText(Date.parse(alert.overAt ?? alert.openedAt) - Date.parse(alert.openedAt), 'bare')} />
        </section>
      )}
    </div>
  );
}

function AlertTable({ label, alerts, last, lastOf }: { label: string; alerts: readonly AlertView[]; last: string; lastOf: (alert: AlertView) => string }): ReactElement {
  return (
    <Table label={label} columns={['Problem', 'Details', 'Began', last]}>
      {alerts.map((alert) => (
        <tr key={alert.id}>
          <th scope="row"><span className={`tone-text tone--${alert.overAt === null ? 'bad' : 'calm'}`}>{alert.title}</span></th>
          <td>{alert.text}</td>
          <td className="nowrap">{momentText(alert.openedAt)}</td>
          <td className="nowrap">{lastOf(alert)}</td>
        </tr>
      ))}
    </Table>
  );
}

const lastMessage = (channel: ChannelView): string =>
  channel.lastError ?? (channel.lastSentAt === null ? 'None yet' : momentText(channel.lastSentAt));

function Channels(): ReactElement {
  const api = useApi();
  const admin = useIsAdmin();
  const action = useAction();
  const { data, error, reload } = useFresh('listAlertChannels', {});
  const [adding, setAdding] = useState(false);
  const [editing, setEditing] = useState<ChannelView | null>(null);
  const [removing, setRemoving] = useState<ChannelView | null>(null);
  const [tested, setTested] = useState<string | null>(null);
  const test = async (channel: ChannelView): Promise<void> => {
    setTested(null);
    if (await action.run(() => api.call('testAlertChannel', { id: channel.id }))) setTested(channel.name);
    reload();
  };
  return (
    <section className="stack">
      <div className="row"><h2>Who is told</h2>{admin ? <span className="push"><Button onPress={() => setAdding(true)}><Icon name="add" />Add a way to be told</Button></span> : null}</div>
      <ErrorNotice error={action.error} />
      {tested === null ? null : <p role="status">A test message went out by "{tested}".</p>}
      {data === null ? <Loading error={error} /> : data.length === 0 ? <div className="card"><Empty icon="warning" title="Nobody is told of problems yet"><p>Add email, ntfy, Slack or another web address.</p></Empty></div> : (
        <Table label="Who is told" columns={['Name', 'To', 'Last message', ...(admin ? ['On', 'Actions'] : [])]}>
          {data.map((channel) => (
            <tr key={channel.id}>
              <th scope="row">{channel.name}</th>
              <td>{channel.target}</td>
              <td>{channel.lastError === null ? lastMessage(channel) : <span className="tone-text tone--bad">{lastMessage(channel)}</span>}</td>
              {admin ? (
                <>
                  <td><Switch isSelected={channel.enabled} onChange={(enabled) => void action.run(() => api.call('updateAlertChannel', { id: channel.id, enabled })).then(reload)}><span className="hidden">Tell by {channel.name}</span></Switch></td>
                  <td className="table__actions">
                    <Button look="quiet" aria-label={`Test ${channel.name}`} isDisabled={action.pending} onPress={() => void test(channel)}>Test</Button>
                    {channel.settings === null || channel.kind === 'desktop' ? null : <Button look="quiet" aria-label={`Edit ${channel.name}`} onPress={() => setEditing(channel)}>Edit</Button>}
                    <Button look="quiet" aria-label={`Remove ${channel.name}`} onPress={() => setRemoving(channel)}>Remove</Button>
                  </td>
                </>
              ) : null}
            </tr>
          ))}
        </Table>
      )}
      {adding ? <ChannelForm channel={null} onClose={() => setAdding(false)} onDone={reload} /> : null}
      {editing === null ? null : <ChannelForm key={editing.id} channel={editing} onClose={() => setEditing(null)} onDone={reload} />}
      {removing === null ? null : (
        <Confirm title={`Remove "${removing.name}"?`} doIt="Remove" onClose={() => setRemoving(null)} work={() => api.call('deleteAlertChannel', { id: removing.id }).then(reload)}>
          <p>Nobody is told of problems this way any more.</p>
        </Confirm>
      )}
    </section>
  );
}

function Limits(): ReactElement {
  const admin = useIsAdmin();
  const { data, error, reload } = useFresh('alertSettings', {}, 30_000);
  const [editing, setEditing] = useState(false);
  return (
    <section className="card stack" aria-label="What counts as a problem">
      <div className="row"><h2>What counts as a problem</h2>{admin && data !== null ? <span className="push"><Button onPress={() => setEditing(true)}>Change</Button></span> : null}</div>
      {data === null ? <Loading error={error} /> : (
        <ul>
          <li>A job whose last run failed.</li>
          <li>A job that is more than {data.overdueAfterHours} hours late, and by more than one interval of its schedule.</li>
          <li>A computer that was not connected for {data.goneAfterDays} days.</li>
          <li>Hub storage that is {data.storageFullPercent} percent full.</li>
        </ul>
      )}
      {editing && data !== null ? <LimitsForm settings={data} onClose={() => setEditing(false)} onDone={reload} /> : null}
    </section>
  );
}

function LimitsForm({ settings, onClose, onDone }: { settings: AlertSettings; onClose: () => void; onDone: () => void }): ReactElement {
  const api = useApi();
  const [hours, setHours] = useState(String(settings.overdueAfterHours));
  const [days, setDays] = useState(String(settings.goneAfterDays));
  const [percent, setPercent] = useState(String(settings.storageFullPercent));
  const work = (): Promise<unknown> => api.call('updateAlertSettings', { overdueAfterHours: Number(hours), goneAfterDays: Number(days), storageFullPercent: Number(percent) }).then(onDone);
  return (
    <FormDialog title="What counts as a problem" doIt="Save" onClose={onClose} work={work}>
      <TextField label="A job is overdue after (hours)" value={hours} onChange={setHours} />
      <TextField label="A computer is gone after (days)" value={days} onChange={setDays} />
      <TextField label="Hub storage is nearly full from (percent)" value={percent} onChange={setPercent} />
    </FormDialog>
  );
}
