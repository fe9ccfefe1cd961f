/** Restore: choose a backup by its time, look into it, tick what is wanted, and get it back. Needs no hub. */
import { useEffect, useMemo, useState, type ReactElement } from 'react';
import type { AgentState } from '../../../main/shared/control.js';
import { asHoldfastError, type ErrorShape } from '../../../main/shared/errors.js';
import type { Job } from '../../../main/shared/model.js';
import { dumpAt, parentPath } from '../../../main/shared/restore.js';
import type { SnapshotChoice } from '../../../main/shared/restores.js';
import { useNow } from '../../components/action.js';
import { Button, Select } from '../../components/controls.js';
import { SnapshotBrowser, type Ticked } from '../../components/SnapshotBrowser.js';
import { snapshotText, type SnapshotSource } from '../../components/SnapshotFiles.js';
import { Empty, ErrorNotice } from '../../components/status.js';
import { useApi } from '../app/context.js';
import { DatabaseDialog } from '../restore/DatabaseDialog.js';
import { RestoreDialog } from '../restore/RestoreDialog.js';
import { RestoreNotices } from '../restore/RestoreNotices.js';

export function Restore({ state }: { state: AgentState }): ReactElement {
  const jobs = state.jobs.map(({ job }) => job);
  const [jobId, setJobId] = useState(jobs[0]?.id ?? '');
  const job = jobs.find(({ id }) => id === jobId) ?? jobs[0];
  return (
    <div className="place__body">
      <div className="place__head" style={{ marginBottom: 0 }}><h1>Restore</h1></div>
      <RestoreNotices restores={state.restores} />
      {job === undefined ? (
        <section className="card"><Empty level={2} icon="restore" title="There is no backup to restore from"><p>Once a job has run, its files are found here.</p></Empty></section>
      ) : (
        <JobBackups
          key={job.id} state={state} jobId={job.id}
          chooser={jobs.length < 2 ? null : <Select label="Job" value={job.id} onChange={setJobId} options={jobs.map(({ id, name }) => ({ id, name }))} />}
        />
      )}
    </div>
  );
}

function JobBackups({ state, jobId, chooser }: { state: AgentState; jobId: string; chooser: ReactElement | null }): ReactElement {
  const api = useApi();
  const now = useNow();
  const view = state.jobs.find(({ job }) => job.id === jobId);
  const lastRun = state.runs.find((run) => run.jobId === jobId && run.result !== null)?.id ?? null;
  const [snapshots, setSnapshots] = useState<readonly SnapshotChoice[] | null>(null);
  const [failure, setFailure] = useState<ErrorShape | null>(null);
  const [snapshotId, setSnapshotId] = useState<string | null>(null);
  const [attempt, setAttempt] = useState(0);
  // asked again after each run: there is a new one then
  useEffect(() => {
    let over = false;
    api.call('snapshots', { jobId }).then(
      (answer) => {
        if (over) return;
        setSnapshots(answer.snapshots);
        setFailure(null);
      },
      (thrown: unknown) => { if (!over) setFailure(asHoldfastError(thrown).toShape()); },
    );
    return () => { over = true; };
  }, [api, jobId, lastRun, attempt]);
  const chosen = snapshots?.find(({ id }) => id === snapshotId) ?? snapshots?.[0];
  const source = useMemo<SnapshotSource>(() => ({
    folder: (id, folder, skip) => api.call('browse', { jobId, snapshotId: id, folder, skip }),
    find: (text) => api.call('findVersions', { jobId, text }),
  }), [api, jobId]);

  if (failure !== null) return <><div className="restore__choice">{chooser}</div><ErrorNotice error={failure} /><div><Button onPress={() => setAttempt(attempt + 1)}>Try again</Button></div></>;
  if (snapshots === null || view === undefined) return <><div className="restore__choice">{chooser}</div><p className="quiet" role="status">Looking for backups…</p></>;
  if (chosen === undefined) {
    return (
      <>
        <div className="restore__choice">{chooser}</div>
        <section className="card"><Empty level={2} icon="restore" title={`"${view.job.name}" has no backup yet`}><p>Run it once, then its files are found here.</p></Empty></section>
      </>
    );
  }
  const options = snapshots.map(({ id, time }) => ({ id, name: snapshotText(time, now) }));
  return (
    <SnapshotBrowser
      source={source} snapshotId={chosen.id} top={chosen.paths.length === 1 ? parentPath(chosen.paths[0] ?? '/') : '/'} now={now} onSnapshot={setSnapshotId}
      chooser={<>{chooser}<Select label="Backup of" value={chosen.id} onChange={setSnapshotId} options={options} /></>}
    >
      {(ticked) => <Foot job={view.job} snapshotId={chosen.id} ticked={ticked} />}
    </SnapshotBrowser>
  );
}

/** What can be done with what is ticked. */
function Foot({ job, snapshotId, ticked: { clear, paths, what } }: { job: Job; snapshotId: string; ticked: Ticked }): ReactElement {
  const [open, setOpen] = useState<'files' | 'database' | null>(null);
  const [only] = paths;
  const dump = paths.length === 1 && only !== undefined ? dumpAt(only) : null;
  const begun = (): void => {
    setOpen(null);
    clear();
  };
  return (
    <>
      <div className="restore__foot">
        <span role="status">{paths.length === 0 ? 'Tick what you want back.' : `${what} chosen`}</span>
        {paths.length === 0 ? null : <Button look="quiet" onPress={clear}>Clear</Button>}
        <span className="row push">
          {dump === null ? null : <Button onPress={() => setOpen('database')}>Load the database…</Button>}
          <Button look="primary" isDisabled={paths.length === 0} onPress={() => setOpen('files')}>Restore…</Button>
        </span>
      </div>
      {open === 'files' ? <RestoreDialog jobId={job.id} snapshotId={snapshotId} paths={paths} what={what} onClose={() => setOpen(null)} onBegun={begun} /> : null}
      {open === 'database' && dump !== null && only !== undefined
        ? <DatabaseDialog job={job} snapshotId={snapshotId} path={only} place={dump} onClose={() => setOpen(null)} onBegun={begun} /> : null}
    </>
  );
}
