/** Step 4: the first backup, as it happens and how it ended. */
import type { ReactElement } from 'react';
import type { AgentState } from '../../../main/shared/control.js';
import { isFinal, isGood } from '../../../main/shared/model.js';
import { bytesText, countText, durationText } from '../../../main/shared/text.js';
import { Button } from '../../components/controls.js';
import { ErrorNotice, Facts, Notice } from '../../components/status.js';
import { useAction } from '../../components/action.js';
import { useApi } from '../app/context.js';
import { RunningNow } from '../jobs/JobCard.js';
import { Step } from './Step.js';

interface BackupStepProps {
  state: AgentState;
  jobId: string;
  runId: string;
  onDone: () => void;
}

export function BackupStep({ state, jobId, runId, onDone }: BackupStepProps): ReactElement {
  const api = useApi();
  const action = useAction();
  // The page learns of a run a moment after it was started; a second try has an id of its own.
  const run = state.runs.find((each) => each.jobId === jobId) ?? state.runs.find((each) => each.id === runId) ?? null;
  const again = (): void => void action.run(() => api.call('runJob', { jobId }));

  if (run === null || !isFinal(run.state)) {
    return (
      <Step
        title="The first backup is running"
        lead="You can close this window. Holdfast goes on in the tray and tells you when it is done."
        foot={(
          <>
            {run === null ? null : <Button isDisabled={action.pending} onPress={() => void action.run(() => api.call('cancelRun', { runId: run.id }))}>Cancel</Button>}
            <span className="push"><Button large onPress={onDone}>Show the job</Button></span>
          </>
        )}
      >
        {run === null ? <p className="quiet" role="status">Starting…</p> : <section className="card" aria-label="Progress"><RunningNow run={run} /></section>}
        <ErrorNotice error={action.error} />
      </Step>
    );
  }

  const { result } = run;
  const good = isGood(run.state) && result !== null;
  return (
    <Step
      title={good ? 'Your files are backed up' : 'The first backup did not finish'}
      lead={good ? 'From now on Holdfast does this by itself, and says so in the tray when something is wrong.' : 'Nothing is lost: what was stored already is used when it is tried again.'}
      foot={(
        <>
          {good ? null : <Button isDisabled={action.pending} onPress={onDone}>Later</Button>}
          <span className="push">{good ? <Button look="primary" large onPress={onDone}>Done</Button> : <Button look="primary" large isDisabled={action.pending} onPress={again}>Try again</Button>}</span>
        </>
      )}
    >
      <ErrorNotice error={action.error ?? run.error} />
      {run.state === 'cancelled' ? <Notice tone="calm">The backup was cancelled.</Notice> : null}
      {result === null ? null : (
        <section className="card stack" aria-label="Result">
          <Facts rows={[
            ['Backed up', `${countText(result.filesNew + result.filesChanged + result.filesUnmodified, 'file')}, ${bytesText(result.bytesProcessed)}`],
            ['Stored in', bytesText(result.bytesStored)],
            ['Took', durationText(result.durationMs)],
          ]} />
          {result.unreadableCount === 0 ? null : <Notice tone="due">{countText(result.unreadableCount, 'file')} could not be read. The job's page lists them.</Notice>}
        </section>
      )}
    </Step>
  );
}
