/** One job: its status as a sentence, its next run, its runs, and the buttons that act on it. */
import { useState, type ReactElement } from 'react';
import type { JobView } from '../../../main/shared/control.js';
import { isFinal, type Run } from '../../../main/shared/model.js';
import { drillText, type DrillView } from '../../../main/shared/drill.js';
import { progressLine, runShare, scheduleText, untilText } from '../../../main/shared/phrases.js';
import { ageText } from '../../../main/shared/text.js';
import { sourceText } from '../../../main/shared/sources.js';
import { Button, Modal, Progress } from '../../components/controls.js';
import { ErrorNotice, Facts, Notice, StatusBadge } from '../../components/status.js';
import { useAction, useNow } from '../../components/action.js';
import { useApi } from '../app/context.js';
import { momentText, pastText } from '../app/times.js';
import { RecoveryKitView } from '../setup/RecoveryKitView.js';
import { HooksDialog } from './HooksDialog.js';
import { RunRow, RunRowHead } from './RunRow.js';

/** The newest runs are on the card; the log has the rest. */
const runsShown = 8;

export function JobCard({ view, runs, paused }: { view: JobView; runs: readonly Run[]; paused: boolean }): ReactElement {
  const { job, status, lastRun, nextRunAt, recoveryKitConfirmed, drill, alarm, disk } = view;
  const api = useApi();
  const action = useAction();
  const now = useNow();
  const [kitOpen, setKitOpen] = useState(false);
  const [hooksOpen, setHooksOpen] = useState(false);
  const active = runs.find((run) => !isFinal(run.state)) ?? null;
  const finished = runs.filter((run) => isFinal(run.state)).slice(0, runsShown);
  const next = nextRunAt !== null
    ? `${untilText(Date.parse(nextRunAt), now)} (${momentText(nextRunAt, now)})`
    : paused ? 'When the agent is resumed' : 'When you start it';

  return (
    <section className="card stack" aria-label={`Job ${job.name}`}>
      <div className="job__head">
        <div className="job__words">
          <div className="job__name"><h2>{job.name}</h2><StatusBadge status={status.status} /></div>
          <p>{status.reason}</p>
        </div>
        <div className="job__actions">
          {active === null
            ? <Button look="primary" isDisabled={action.pending} onPress={() => void action.run(() => api.call('runJob', { jobId: job.id }))}>Back up now</Button>
            : <Button isDisabled={action.pending} onPress={() => void action.run(() => api.call('cancelRun', { runId: active.id }))}>Cancel</Button>}
        </div>
      </div>
      <ErrorNotice error={action.error} />
      {active === null ? null : <RunningNow run={active} />}
      {recoveryKitConfirmed ? null : (
        <Notice tone="due" action={<Button onPress={() => setKitOpen(true)}>Show recovery kit</Button>}>
          Scheduled backups begin once the recovery kit is saved or printed.
        </Notice>
      )}
      {alarm === null ? null : (
        <Notice tone="risk" action={<Button isDisabled={action.pending} onPress={() => void action.run(() => api.call('acceptChanges', { jobId: job.id }))}>These changes are mine</Button>}>
          {pastText(alarm.at, now)}: {alarm.reason} Old snapshots are kept until you have looked.
        </Notice>
      )}
      <Facts rows={[
        ['Backs up', job.sources.map(sourceText).join(', ')],
        ['Destination', <><span key="name">{job.destination.name}</span> <span key="url" className="code quiet">{job.destination.url}</span></>],
        ...(disk === null ? [] : [['Disk', disk.awaySince === null ? `"${disk.label}" is attached` : `"${disk.label}" has been away for ${ageText(now - Date.parse(disk.awaySince), 'bare')}`] as const]),
        ['Schedule', scheduleText(job.schedule)],
        ...(hookRow(job.hooks)),
        ['Last run', active !== null ? 'Running now' : lastRun === null ? 'Never' : pastText(lastRun.finishedAt ?? lastRun.startedAt ?? lastRun.queuedAt, now)],
        ['Next run', next],
        ...(drill === undefined ? [] : [['Restore drill', drillLine(drill, now)] as const]),
      ]} />
      <div className="job__runs">
        {finished.length === 0
          ? <p className="quiet">{active === null ? 'No run yet. Press "Back up now" to start the first one.' : 'The first run is under way.'}</p>
          : <><RunRowHead />{finished.map((run) => <RunRow key={run.id} run={run} now={now} />)}</>}
      </div>
      <div className="row row--end">
        <Button look="quiet" onPress={() => setHooksOpen(true)}>Programs…</Button>
        {disk === null || disk.awaySince !== null ? null : (
          <Button look="quiet" isDisabled={active !== null || action.pending} onPress={() => void action.run(() => api.call('ejectDisk', { destinationId: job.destination.id }))}>Eject disk</Button>
        )}
        {drill === undefined || status.lastGoodAt === null ? null : (
          <Button look="quiet" isDisabled={drill.running || action.pending} onPress={() => void action.run(() => api.call('drillJob', { jobId: job.id }))}>Restore drill now</Button>
        )}
        {recoveryKitConfirmed ? <Button look="quiet" onPress={() => setKitOpen(true)}>Recovery kit…</Button> : null}
      </div>
      {hooksOpen ? <HooksDialog job={job} onClose={() => setHooksOpen(false)} /> : null}
      <Modal isOpen={kitOpen} onClose={() => setKitOpen(false)} label="Recovery kit">
        <div className="stack">
          <h2>Recovery kit</h2>
          <RecoveryKitView destinationId={job.destination.id} onConfirmed={() => undefined} />
          <div className="row row--end"><Button onPress={() => setKitOpen(false)}>Close</Button></div>
        </div>
      </Modal>
    </section>
  );
}

/** Programs around the backup, where there are any. */
function hookRow({ onFailure, post, pre }: JobView['job']['hooks']): (readonly [string, string])[] {
  const named = [[pre, 'before'], [post, 'at the end'], [onFailure, 'after a failure']] as const;
  const words = named.flatMap(([path, when]) => (path === undefined ? [] : [`${path} (${when})`]));
  return words.length === 0 ? [] : [['Programs', words.join(', ')]];
}

/** What the newest drill found: proof, in one line, that the backups come back. */
function drillLine({ last, running }: DrillView, now: number): string {
  if (running) return 'Under way: a sample is restored and compared';
  if (last === null) return 'Not yet. It comes by itself after the first backup, then every week';
  return `${drillText(last).replace(/\.$/, '')}, ${pastText(last.finishedAt, now)}`;
}

export function RunningNow({ run }: { run: Run }): ReactElement {
  return (
    <div className="stack stack--tight">
      <Progress label={`Backing up ${run.jobName}`} words={progressLine(run)} share={runShare(run)} />
      <p className="small quiet code" style={{ whiteSpace: 'nowrap', overflow: 'hidden', textOverflow: 'ellipsis', minHeight: '1.5em' }}>{run.progress?.currentPath ?? ''}</p>
    </div>
  );
}
