/** The computers of this hub. */
import { useState, type ReactElement } from 'react';
import type { AdminResult, AgentView } from '../../../main/shared/protocol/admin.js';
import { ageText, countText } from '../../../main/shared/text.js';
import { Button, Modal, TextField } from '../../components/controls.js';
import { Icon } from '../../components/Icon.js';
import { Empty, ErrorNotice, Facts, Notice, StatusBadge } from '../../components/status.js';
import { useNow } from '../../components/action.js';
import { useApi, useFresh, useIsAdmin, useSettled } from '../app/context.js';
import { JoinSteps } from '../app/JoinSteps.js';
import { Confirm, FormDialog, Loading, PageHead, Pager, Table } from '../app/parts.js';
import { momentText } from '../app/times.js';

/** Computers on one page. */
const pageSize = 50;

type Open = { what: 'view' | 'rename' | 'delete'; id: string } | null;

export function Agents(): ReactElement {
  const api = useApi();
  const admin = useIsAdmin();
  const [filter, setFilter] = useState('');
  const search = useSettled(filter.trim());
  const [from, setFrom] = useState(0);
  const totals = useFresh('hub', {});
  // One more than is shown tells whether there is a next page.
  const { data, error, reload: again } = useFresh('listAgents', { search, offset: from, limit: pageSize + 1 });
  const reload = (): void => { again(); totals.reload(); };
  const [open, setOpen] = useState<Open>(null);
  const [adding, setAdding] = useState(false);
  const [made, setMade] = useState<AdminResult<'addAgent'> | null>(null);
  const close = (): void => setOpen(null);
  const [shown, setShown] = useState<readonly AgentView[] | null>(null);
  if (data !== null && data !== shown) setShown(data); // the last page stays until the next is here
  const agent = open === null ? undefined : shown?.find(({ id }) => id === open.id);
  const total = totals.data;
  return (
    <div className="page">
      <PageHead title="Agents" lead={total === null ? 'The computers of this hub.' : `${countText(total.agents, 'computer')}, ${total.online} online.`}>
        {admin ? <Button onPress={() => setAdding(true)}>Add manually</Button> : null}
        {admin ? <Button look="primary" onPress={() => { location.hash = 'setup-tokens'; }}>Let computers join</Button> : null}
      </PageHead>
      {shown !== null && error !== null ? <ErrorNotice error={error} /> : null}
      {shown === null || total === null ? <Loading error={error ?? totals.error} /> : total.agents === 0
        ? <div className="card"><Empty level={2} icon="disk" title="No computers yet"><p>Make a setup token and use its link on each computer, or add one manually.</p></Empty></div>
        : (
          <>
            {total.agents > 8 ? <div className="filter"><TextField label="Find by name" value={filter} onChange={(text) => { setFilter(text); setFrom(0); }} /></div> : null}
            {shown.length === 0 ? <p className="quiet" role="status">{search === '' ? 'There are no more computers.' : `No computer has "${search}" in its name.`}</p> : (
              <Table label="Agents" columns={['Name', 'Status', 'Connection', 'Last good backup', 'Registered', 'Actions']}>
                {shown.slice(0, pageSize).map((each) => <AgentRow key={each.id} agent={each} admin={admin} onOpen={(what) => setOpen({ what, id: each.id })} />)}
              </Table>
            )}
            <Pager from={from} shown={Math.min(shown.length, pageSize)} total={search === '' ? total.agents : null} more={shown.length > pageSize} pageSize={pageSize} onFrom={setFrom} />
          </>
        )}
      {agent !== undefined && open?.what === 'view' ? <ViewAgent agent={agent} onClose={close} /> : null}
      {agent !== undefined && open?.what === 'rename' ? <RenameAgent key={agent.id} agent={agent} onClose={close} onDone={reload} /> : null}
      {agent !== undefined && open?.what === 'delete' ? <DeleteAgent agent={agent} onClose={close} onDone={reload} /> : null}
      {adding ? <NameDialog title="Add a computer manually" doIt="Generate agent token" first="" onClose={() => setAdding(false)} work={async (name) => { setMade(await api.call('addAgent', { name })); setAdding(false); reload(); }} /> : null}
      {made === null ? null : (
        <Modal isOpen onClose={null} label="Agent token made">
          <div className="stack">
            <h2>Connect {made.name}</h2>
            <Notice tone="due">The token is shown this once and is for this computer only: a second connection with it is refused while the first one lives.</Notice>
            <JoinSteps command={null} link={made.link} />
            <div className="row row--end"><Button look="primary" onPress={() => setMade(null)}>Done</Button></div>
          </div>
        </Modal>
      )}
    </div>
  );
}

function AgentRow({ agent, admin, onOpen }: { agent: AgentView; admin: boolean; onOpen: (what: 'view' | 'rename' | 'delete') => void }): ReactElement {
  return (
    <tr>
      <th scope="row">{agent.name}</th>
      <td><div className="cell"><StatusBadge status={agent.status} /><span className="small quiet">{agent.reason}</span></div></td>
      <td className="nowrap"><Presence agent={agent} /></td>
      <td className="nowrap">{agent.lastGoodAt === null ? 'Never' : momentText(agent.lastGoodAt)}</td>
      <td className="nowrap">{momentText(agent.registeredAt)}</td>
      <td className="table__actions">
        <Button look="quiet" aria-label={`View ${agent.name}`} onPress={() => onOpen('view')}>View</Button>
        {admin ? <Button look="quiet" aria-label={`Rename ${agent.name}`} onPress={() => onOpen('rename')}>Rename</Button> : null}
        {admin ? <Button look="quiet" aria-label={`Delete ${agent.name}`} onPress={() => onOpen('delete')}>Delete</Button> : null}
      </td>
    </tr>
  );
}

function Presence({ agent }: { agent: AgentView }): ReactElement {
  const now = useNow();
  if (agent.online) return <span className="presence tone--good"><Icon name="check" />Online</span>;
  const seen = agent.lastSeenAt === null ? 'never seen' : `seen ${ageText(now - Date.parse(agent.lastSeenAt))}`;
  return <span className="presence tone--calm"><Icon name="cross" />Offline, {seen}</span>;
}

function ViewAgent({ agent, onClose }: { agent: AgentView; onClose: () => void }): ReactElement {
  const jobs = useFresh('listJobs', { agentId: agent.id });
  return (
    <Modal isOpen onClose={onClose} label={agent.name}>
      <div className="stack">
        <div className="row"><h2>{agent.name}</h2><StatusBadge status={agent.status} /></div>
        <p>{agent.reason}</p>
        <Facts rows={[
          ['Connection', <Presence key="presence" agent={agent} />],
          ['Registered', momentText(agent.registeredAt)],
          ['Computer', agent.host === null ? 'Has not connected yet' : `${agent.host}, ${agent.os === 'darwin' ? 'macOS' : agent.os === 'linux' ? 'Linux' : agent.os ?? ''} (${agent.arch ?? ''})`],
          ['Holdfast', agent.version ?? 'Not known yet'],
          ['Jobs', jobs.data === null ? 'Loading…' : jobs.data.length === 0 ? 'None yet' : jobs.data.map((job) => `${job.name}: ${job.status}`).join(', ')],
        ]} />
        <div className="row row--end"><Button onPress={onClose}>Close</Button></div>
      </div>
    </Modal>
  );
}

function RenameAgent({ agent, onClose, onDone }: { agent: AgentView; onClose: () => void; onDone: () => void }): ReactElement {
  const api = useApi();
  return <NameDialog title={`Rename "${agent.name}"`} doIt="Rename" first={agent.name} onClose={onClose} work={async (name) => { await api.call('renameAgent', { id: agent.id, name }); onDone(); onClose(); }} />;
}

function NameDialog({ title, doIt, first, onClose, work }: { title: string; doIt: string; first: string; onClose: () => void; work: (name: string) => Promise<void> }): ReactElement {
  const [name, setName] = useState(first);
  return <FormDialog title={title} doIt={doIt} stays onClose={onClose} work={() => work(name)}><TextField label="Name" value={name} onChange={setName} /></FormDialog>;
}

function DeleteAgent({ agent, onClose, onDone }: { agent: AgentView; onClose: () => void; onDone: () => void }): ReactElement {
  const api = useApi();
  const { data: jobs, error } = useFresh('listJobs', { agentId: agent.id });
  return (
    <Confirm title={`Delete "${agent.name}"?`} doIt="Delete computer" onClose={onClose} work={() => api.call('deleteAgent', { id: agent.id }).then(onDone)}>
      <p>Its connection ends at once and its token stops working. What it has backed up stays where it is.</p>
      {jobs === null ? <Loading error={error} /> : jobs.length === 0 ? <p>It has no jobs.</p> : (
        <>
          <p>{countText(jobs.length, 'job')} will be deleted with it. To keep one, assign it to another computer first.</p>
          <ul className="plain-list">{jobs.map((job) => <li key={job.id}>{job.name}</li>)}</ul>
        </>
      )}
    </Confirm>
  );
}
