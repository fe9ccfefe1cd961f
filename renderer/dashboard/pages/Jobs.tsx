/** What is backed up, of which computer, where to and when. */
import { useState, type ReactElement } from 'react';
import { isFinal } from '../../../main/shared/model.js';
import { scheduleText } from '../../../main/shared/phrases.js';
import type { HubJobView } from '../../../main/shared/protocol/admin.js';
import { Button, Select } from '../../components/controls.js';
import { Icon } from '../../components/Icon.js';
import { Empty, ErrorNotice, StatusBadge } from '../../components/status.js';
import { useAction } from '../../components/action.js';
import { useApi, useFresh, useIsAdmin } from '../app/context.js';
import { Confirm, FormDialog, Loading, PageHead, Table } from '../app/parts.js';
import { momentText } from '../app/times.js';
import { JobForm } from './JobForm.js';

/** What that computer's owner has not allowed. The reason is in the log of the refused run. */
const heldWords = {
  waiting: 'Waits for a yes on that computer, in its window or by "holdfast approve".',
  refused: 'Refused on that computer.',
  limited: 'Old snapshots are kept until their removal is allowed on that computer.',
} as const;

type Open = { what: 'edit' | 'assign' | 'delete'; job: HubJobView } | null;

export function Jobs(): ReactElement {
  const api = useApi();
  const admin = useIsAdmin();
  const action = useAction();
  const { data, error, reload } = useFresh('listJobs', {});
  const agents = useFresh('listAgents', { limit: 1000 }, 15_000).data ?? [];
  const [creating, setCreating] = useState(false);
  const [open, setOpen] = useState<Open>(null);
  const close = (): void => setOpen(null);
  const act = (work: () => Promise<unknown>): void => void action.run(work).then(reload);
  return (
    <div className="page">
      <PageHead title="Jobs" lead="What is backed up, where to and when. Computers keep their jobs and run them without the hub, too.">
        {admin ? <Button look="primary" isDisabled={agents.length === 0} onPress={() => setCreating(true)}><Icon name="add" />New job</Button> : null}
      </PageHead>
      <ErrorNotice error={action.error ?? (data === null ? null : error)} />
      {data === null ? <Loading error={error} /> : data.length === 0
        ? <div className="card"><Empty level={2} icon="jobs" title="No jobs yet"><p>{agents.length === 0 ? 'Let a computer join first.' : 'Make one to back up folders of a computer.'}</p></Empty></div>
        : (
          <Table label="Jobs" columns={['Job', 'Computer', 'Status', 'Schedule', 'Next run', 'Actions']}>
            {data.map((job) => {
              const running = job.lastRun !== null && !isFinal(job.lastRun.state);
              return (
                <tr key={job.id}>
                  <th scope="row">{job.name}</th>
                  <td>{job.agentName}</td>
                  <td><div className="cell"><StatusBadge status={job.status} /><span className="small quiet">{job.reason}</span>{job.held === null ? null : <span className="small">{heldWords[job.held.state]}</span>}</div></td>
                  <td>{scheduleText(job.schedule)}</td>
                  <td className="nowrap">{job.nextRunAt === null ? (job.paused ? 'When resumed' : 'By hand') : momentText(job.nextRunAt)}</td>
                  <td className="table__actions">
                    {admin ? (
                      <>
                        <Button look="quiet" isDisabled={running} aria-label={`Run ${job.name} now`} onPress={() => act(async () => { await api.call('runJob', { id: job.id }); location.hash = 'runs'; })}>{running ? 'Running' : 'Run now'}</Button>
                        <Button look="quiet" aria-label={`${job.paused ? 'Resume' : 'Pause'} ${job.name}`} onPress={() => act(() => api.call(job.paused ? 'resumeJob' : 'pauseJob', { id: job.id }))}>{job.paused ? 'Resume' : 'Pause'}</Button>
                        <Button look="quiet" aria-label={`Edit ${job.name}`} onPress={() => setOpen({ what: 'edit', job })}>Edit</Button>
                        <Button look="quiet" aria-label={`Assign ${job.name}`} isDisabled={agents.length < 2} onPress={() => setOpen({ what: 'assign', job })}>Assign</Button>
                        <Button look="quiet" aria-label={`Delete ${job.name}`} onPress={() => setOpen({ what: 'delete', job })}>Delete</Button>
                      </>
                    ) : null}
                  </td>
                </tr>
              );
            })}
          </Table>
        )}
      {creating ? <JobForm job={null} agents={agents} onClose={() => setCreating(false)} onDone={reload} /> : null}
      {open?.what === 'edit' ? <JobForm job={open.job} agents={agents} onClose={close} onDone={reload} /> : null}
      {open?.what === 'assign' ? <AssignJob job={open.job} agents={agents.filter(({ id }) => id !== open.job.agentId)} onClose={close} onDone={reload} /> : null}
      {open?.what === 'delete' ? (
        <Confirm title={`Delete "${open.job.name}"?`} doIt="Delete job" onClose={close} work={() => api.call('deleteJob', { id: open.job.id }).then(reload)}>
          <p>{open.job.agentName} stops backing this up. The snapshots that there are stay in {open.job.destination.name}.</p>
        </Confirm>
      ) : null}
    </div>
  );
}

function AssignJob({ job, agents, onClose, onDone }: { job: HubJobView; agents: readonly { id: string; name: string }[]; onClose: () => void; onDone: () => void }): ReactElement {
  const api = useApi();
  const [agentId, setAgentId] = useState(agents[0]?.id ?? '');
  return (
    <FormDialog title={`Assign "${job.name}"`} doIt="Assign" onClose={onClose} work={() => api.call('moveJob', { id: job.id, agentId }).then(onDone)}>
      <Select label="Computer" value={agentId} onChange={setAgentId} options={agents} />
      <p>There it begins afresh: it backs up the same folders of that computer. Snapshots made by {job.agentName} stay with its destination and password.</p>
    </FormDialog>
  );
}
