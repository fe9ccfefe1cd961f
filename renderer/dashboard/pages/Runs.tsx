/** What was backed up, and what is under way: progress and log as they come in. */
import { useState, type ReactElement } from 'react';
import { isFinal } from '../../../main/shared/model.js';
import { progressLine, runOutcome, runShare } from '../../../main/shared/phrases.js';
import type { HubRunView } from '../../../main/shared/protocol/admin.js';
import { bytesText, countText, durationText } from '../../../main/shared/text.js';
import { Button, Modal, Progress } from '../../components/controls.js';
import { Icon } from '../../components/Icon.js';
import { Empty, ErrorNotice, Facts, Notice, runLooks } from '../../components/status.js';
import { useAction } from '../../components/action.js';
import { useApi, useFresh, useIsAdmin } from '../app/context.js';
import { Loading, PageHead, Table } from '../app/parts.js';
import { clockText, momentText } from '../app/times.js';

const took = (run: HubRunView): string => (run.startedAt === null || run.finishedAt === null ? '' : durationText(Date.parse(run.finishedAt) - Date.parse(run.startedAt)));

export function Runs(): ReactElement {
  const { data, error } = useFresh('listRuns', { limit: 100 }, 2_000);
  const [open, setOpen] = useState<string | null>(null);
  return (
    <div className="page">
      <PageHead title="Runs" lead="The newest 100, as they happen." />
      {data !== null && error !== null ? <ErrorNotice error={error} /> : null}
      {data === null ? <Loading error={error} /> : data.length === 0
        ? <div className="card"><Empty level={2} icon="clock" title="No runs yet"><p>They appear here when a schedule or a person starts a job.</p></Empty></div>
        : (
          <Table label="Runs" columns={['Job', 'Computer', 'Result', 'Started', 'Took', 'Stored', 'Actions']}>
            {data.map((run) => (
              <tr key={run.id}>
                <th scope="row">{run.jobName}</th>
                <td>{run.agentName}</td>
                <td className="table__wide"><RunState run={run} /></td>
                <td className="nowrap">{momentText(run.startedAt ?? run.queuedAt)}</td>
                <td className="nowrap">{took(run)}</td>
                <td className="nowrap">{run.result === null ? '' : bytesText(run.result.bytesStored)}</td>
                <td className="table__actions"><Button look="quiet" aria-label={`View the run of ${run.jobName} on ${run.agentName}`} onPress={() => setOpen(run.id)}>View</Button></td>
              </tr>
            ))}
          </Table>
        )}
      {open === null ? null : <ViewRun id={open} onClose={() => setOpen(null)} />}
    </div>
  );
}

function RunState({ run }: { run: HubRunView }): ReactElement {
  if (run.state === 'running') return <Progress label={`Backing up ${run.jobName}`} words={progressLine(run)} share={runShare(run)} />;
  const { tone, icon } = runLooks[run.state];
  return <span className={`presence tone--${tone}`}><Icon name={icon} />{run.awaitingAgent ? 'Waiting for the computer' : runOutcome(run)}</span>;
}

function ViewRun({ id, onClose }: { id: string; onClose: () => void }): ReactElement {
  const api = useApi();
  const admin = useIsAdmin();
  const action = useAction();
  const { data, error, reload } = useFresh('getRun', { id, limit: 500 }, 1_000);
  return (
    <Modal isOpen onClose={onClose} label="Run">
      {data === null ? <Loading error={error} /> : (
        <div className="stack">
          <h2>{data.run.jobName} on {data.run.agentName}</h2>
          <RunState run={data.run} />
          {data.run.error === null ? null : <Notice tone="bad">{data.run.error.message}</Notice>}
          <Facts rows={[
            ['Started', momentText(data.run.startedAt ?? data.run.queuedAt)],
            ...(data.run.finishedAt === null ? [] : [['Finished', `${momentText(data.run.finishedAt)}${took(data.run) === '' ? '' : `, after ${took(data.run)}`}`]] as const),
            ...(data.run.result === null ? [] : [
              ['Snapshot', <span key="snapshot" className="code">{data.run.result.snapshotId.slice(0, 8)}</span>],
              ['Files', `${data.run.result.filesNew} new, ${data.run.result.filesChanged} changed, ${data.run.result.filesUnmodified} unchanged`],
              ['Read', bytesText(data.run.result.bytesProcessed)],
              ['Stored', bytesText(data.run.result.bytesStored)],
            ] as const),
          ]} />
          <h3>Log</h3>
          <div className="log run-log" role="region" aria-label="Log" tabIndex={0}>
            {data.log.length === 0 ? <p className="quiet run-log__none">Nothing was logged{isFinal(data.run.state) ? '' : ' yet'}.</p>
              : data.log.map((line, n) => <div key={`${line.at} ${n}`} className="log__line"><span className="log__time">{clockText(line.at)}</span><span>{line.level}</span><span className="log__message">{line.message}</span></div>)}
          </div>
          {data.log.length >= 500 ? <p className="small quiet">The newest {countText(data.log.length, 'line')} are shown.</p> : null}
          <ErrorNotice error={action.error} />
          <div className="row row--end">
            {admin && !isFinal(data.run.state) ? <Button look="danger" isDisabled={action.pending} onPress={() => void action.run(() => api.call('cancelRun', { id })).then(reload)}>Cancel run</Button> : null}
            <Button onPress={onClose}>Close</Button>
          </div>
        </div>
      )}
    </Modal>
  );
}
