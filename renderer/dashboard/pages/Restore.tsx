/** Getting files of a computer back, on that computer: what is in its backups is asked of it through the tunnel. */
import { useEffect, useMemo, useState, type ReactElement } from 'react';
import { asHoldfastError, type ErrorShape } from '../../../main/shared/errors.js';
import { parentPath } from '../../../main/shared/restore.js';
import { isRestoring, restoreShare, restoreText, type RestoreView, type SnapshotChoice } from '../../../main/shared/restores.js';
import { useAction, useNow } from '../../components/action.js';
import { Button, Progress, Select, TextField } from '../../components/controls.js';
import { SnapshotBrowser, type Ticked } from '../../components/SnapshotBrowser.js';
import { snapshotText, type SnapshotSource } from '../../components/SnapshotFiles.js';
import { Empty, ErrorNotice, Notice } from '../../components/status.js';
import { useApi, useFresh, useIsAdmin } from '../app/context.js';
import { FormDialog, Loading, PageHead } from '../app/parts.js';

export function Restore(): ReactElement {
  const { data: jobs, error } = useFresh('listJobs', {}, 15_000);
  const admin = useIsAdmin();
  const [jobId, setJobId] = useState<string | null>(null);
  const job = jobs?.find(({ id }) => id === jobId) ?? jobs?.[0];
  return (
    <div className="page">
      <PageHead title="Restore" lead="Look into the backups of a computer and bring files back there. Its owner may be asked first; nothing that is there is replaced." />
      {jobs === null ? <Loading error={error} />
        : !admin ? <Notice tone="calm">You may look at this hub, but not into backups. Ask one of its admins.</Notice>
          : job === undefined ? <div className="card"><Empty level={2} icon="restore" title="There is no backup to restore from"><p>Once a job has run, its files are found here.</p></Empty></div>
            : <JobBackups key={job.id} jobId={job.id} computer={job.agentName} chooser={<Select label="Job" value={job.id} onChange={setJobId} options={jobs.map(({ agentName, id, name }) => ({ id, name: `${name} (${agentName})` }))} />} />}
    </div>
  );
}

function JobBackups({ jobId, computer, chooser }: { jobId: string; computer: string; chooser: ReactElement }): ReactElement {
  const api = useApi();
  const now = useNow();
  const [snapshots, setSnapshots] = useState<readonly SnapshotChoice[] | null>(null);
  const [next, setNext] = useState<number | null>(0);
  const [failure, setFailure] = useState<ErrorShape | null>(null);
  const [snapshotId, setSnapshotId] = useState<string | null>(null);
  const [begun, setBegun] = useState<RestoreView | null>(null);
  // page after page: each is one frame of the tunnel
  useEffect(() => {
    if (next === null) return;
    let over = false;
    api.call('listSnapshots', { id: jobId, skip: next }).then(
      (page) => {
        if (over) return;
        setSnapshots((before) => [...before ?? [], ...page.snapshots]);
        setNext(page.next);
      },
      (thrown: unknown) => { if (!over) setFailure(asHoldfastError(thrown).toShape()); },
    );
    return () => { over = true; };
  }, [api, jobId, next]);
  const chosen = snapshots?.find(({ id }) => id === snapshotId) ?? snapshots?.[0];
  const source = useMemo<SnapshotSource>(() => ({
    folder: (id, folder, skip) => api.call('browseSnapshot', { id: jobId, snapshotId: id, folder, skip }),
    find: (text) => api.call('findVersions', { id: jobId, text }),
  }), [api, jobId]);
  if (failure !== null) return <><div className="restore__choice">{chooser}</div><ErrorNotice error={failure} /></>;
  if (snapshots === null) return <><div className="restore__choice">{chooser}</div><p className="quiet" role="status">Asking {computer}…</p></>;
  if (chosen === undefined) return <><div className="restore__choice">{chooser}</div><div className="card"><Empty level={2} icon="restore" title="This job has no backup yet"><p>Run it once, then its files are found here.</p></Empty></div></>;
  return (
    <>
      {begun === null ? null : <Course key={begun.id} jobId={jobId} first={begun} />}
      <SnapshotBrowser
        source={source} snapshotId={chosen.id} top={chosen.paths.length === 1 ? parentPath(chosen.paths[0] ?? '/') : '/'} now={now} onSnapshot={setSnapshotId}
        chooser={<>{chooser}<Select label="Backup of" value={chosen.id} onChange={setSnapshotId} options={snapshots.map(({ id, time }) => ({ id, name: snapshotText(time, now) }))} /></>}
      >
        {(ticked) => <Foot jobId={jobId} computer={computer} snapshotId={chosen.id} ticked={ticked} onBegun={setBegun} />}
      </SnapshotBrowser>
    </>
  );
}

/** What can be done with what is ticked. */
function Foot({ jobId, computer, snapshotId, ticked: { clear, paths, what }, onBegun }: { jobId: string; computer: string; snapshotId: string; ticked: Ticked; onBegun: (view: RestoreView) => void }): ReactElement {
  const [asking, setAsking] = useState(false);
  return (
    <>
      <div className="row">
        <span role="status">{paths.length === 0 ? 'Tick what is wanted back.' : `${what} chosen`}</span>
        <span className="push"><Button look="primary" isDisabled={paths.length === 0} onPress={() => setAsking(true)}>Restore…</Button></span>
      </div>
      {asking ? (
        <AskFolder
          what={what} computer={computer} jobId={jobId} snapshotId={snapshotId} paths={paths} onClose={() => setAsking(false)}
          onBegun={(view) => {
            onBegun(view);
            clear();
          }}
        />
      ) : null}
    </>
  );
}

interface AskProps { what: string; computer: string; jobId: string; snapshotId: string; paths: readonly string[]; onClose: () => void; onBegun: (view: RestoreView) => void }

function AskFolder({ what, computer, jobId, snapshotId, paths, onClose, onBegun }: AskProps): ReactElement {
  const api = useApi();
  const [folder, setFolder] = useState('');
  return (
    <FormDialog title={`Restore ${what}`} doIt="Restore" onClose={onClose} work={async () => onBegun(await api.call('startRestore', { id: jobId, snapshotId, paths: [...paths], folder: folder.trim() }))}>
      <TextField label={`Folder on ${computer}`} help="From the root on, such as /home/anna/Restored. It is made where it is not there." value={folder} onChange={setFolder} />
      <p className="small quiet">Files that are there stay as they are.</p>
    </FormDialog>
  );
}

/** How it goes, asked until it has ended. */
function Course({ jobId, first }: { jobId: string; first: RestoreView }): ReactElement {
  const api = useApi();
  const action = useAction();
  const fresh = useFresh('getRestore', { id: jobId, restore: first.id }, 1_000);
  const view = fresh.data ?? first;
  if (fresh.error !== null) return <ErrorNotice error={fresh.error} />;
  if (!isRestoring(view)) {
    return (
      <Notice tone={view.state === 'succeeded' ? 'good' : view.state === 'failed' ? 'bad' : view.state === 'warnings' ? 'due' : 'calm'}>
        {restoreText(view)}{view.result?.errors.map(({ message, path }) => <span key={path}><br />{path}: {message}</span>)}
      </Notice>
    );
  }
  return (
    <div className="card row">
      <div style={{ flex: 1 }}><Progress label={`Restoring ${view.what}`} words={restoreText(view)} share={restoreShare(view)} /></div>
      <Button isDisabled={action.pending} onPress={() => void action.run(() => api.call('cancelRestore', { id: jobId, restore: view.id }))}>Cancel</Button>
    </div>
  );
}
