/** Jobs: what is backed up, how well, and what happened lately. */
import type { ReactElement } from 'react';
import type { AgentState } from '../../../main/shared/control.js';
import { Button } from '../../components/controls.js';
import { Icon } from '../../components/Icon.js';
import { Empty } from '../../components/status.js';
import { ConsentCard } from '../consent/ConsentCard.js';
import { JobCard } from '../jobs/JobCard.js';

export function Jobs({ state, onAdd }: { state: AgentState; onAdd: () => void }): ReactElement {
  return (
    <div className="place__body">
      <div className="place__head" style={{ marginBottom: 0 }}>
        <h1>Jobs</h1>
        <span className="push"><Button onPress={onAdd}><Icon name="add" />Add a job</Button></span>
      </div>
      <ConsentCard consent={state.consent} hubName={state.connection.hubName} />
      {state.jobs.length === 0 ? (
        <section className="card">
          <Empty icon="jobs" title="Nothing is backed up yet">
            <p>Choose the folders that matter to you and a place for their backup.</p>
            <Button look="primary" onPress={onAdd}>Set up the first backup</Button>
          </Empty>
        </section>
      ) : state.jobs.map((view) => <JobCard key={view.job.id} view={view} runs={state.runs.filter((run) => run.jobId === view.job.id)} paused={state.paused !== null} />)}
    </div>
  );
}
