/** First start, and every further job: folders, destination, recovery kit, first backup. Defaults are good enough to press on. */
import { useState, type ReactElement } from 'react';
import type { AgentState } from '../../../main/shared/control.js';
import type { Place } from '../../../main/shared/ipc.js';
import type { DatabaseSource } from '../../../main/shared/sources.js';
import { Icon } from '../../components/Icon.js';
import { useApi } from '../app/context.js';
import { BackupStep } from './BackupStep.js';
import { DestinationStep } from './DestinationStep.js';
import { FoldersStep } from './FoldersStep.js';
import { KitStep } from './KitStep.js';
import { draftOf, type Frequency } from './draft.js';

const steps = ['folders', 'destination', 'kit', 'backup'] as const;
type Step = (typeof steps)[number];

interface SetupProps {
  state: AgentState;
  /** The first job is about to exist: stay here until a person leaves. */
  onBegin: () => void;
  onLeave: (goTo: 'jobs' | 'connection') => void;
}

export function Setup({ state, onBegin, onLeave }: SetupProps): ReactElement {
  const api = useApi();
  const [step, setStep] = useState<Step>('folders');
  const [folders, setFolders] = useState<readonly string[]>([]);
  const [sources, setSources] = useState<readonly DatabaseSource[]>([]);
  const [chosen, setChosen] = useState<{ place: Place; excludes: readonly string[]; frequency: Frequency } | null>(null);
  const [begun, setBegun] = useState<{ jobId: string; runId: string } | null>(null);

  const begin = async (): Promise<void> => {
    if (chosen === null) return;
    onBegin();
    const { job } = await api.call('createJob', { draft: draftOf(folders, chosen.place, chosen.excludes, chosen.frequency, state.jobs, sources) });
    const { runId } = await api.call('runJob', { jobId: job.id });
    setBegun({ jobId: job.id, runId });
    setStep('backup');
  };

  const isFirst = state.jobs.length === 0;
  return (
    <div className="setup">
      <main className="setup__sheet">
        <p className="setup__mark"><Icon name="shield" />Holdfast<span className="setup__steps">Step {steps.indexOf(step) + 1} of {steps.length}</span></p>
        {step === 'folders' ? (
          <FoldersStep
            initial={folders} initialSources={sources} isFirst={isFirst} onCancel={() => onLeave('jobs')} onJoin={() => onLeave('connection')}
            onNext={(paths, others) => {
              setFolders(paths);
              setSources(others);
              setStep('destination');
            }}
          />
        ) : null}
        {step === 'destination' ? (
          <DestinationStep
            folders={folders} jobs={state.jobs} keptIn={state.secrets.description} onBack={() => setStep('folders')}
            onNext={(choice) => {
              setChosen(choice);
              setStep('kit');
            }}
          />
        ) : null}
        {step === 'kit' && chosen !== null ? (
          <KitStep
            destinationId={chosen.place.destinationId} onBack={() => setStep('destination')} onConfirmed={begin}
            alreadyKept={state.jobs.some((view) => view.recoveryKitConfirmed && view.job.destination.id === chosen.place.destinationId)}
          />
        ) : null}
        {step === 'backup' && begun !== null ? <BackupStep state={state} {...begun} onDone={() => onLeave('jobs')} /> : null}
      </main>
    </div>
  );
}
