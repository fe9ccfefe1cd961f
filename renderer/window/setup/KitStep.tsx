/** Step 3: the recovery kit. Nobody gets past it without having saved or printed it; then the first backup starts at once. */
import { useCallback, type ReactElement } from 'react';
import { Button } from '../../components/controls.js';
import { ErrorNotice, Notice } from '../../components/status.js';
import { useAction } from '../../components/action.js';
import { RecoveryKitView } from './RecoveryKitView.js';
import { Step } from './Step.js';

interface KitStepProps {
  destinationId: string;
  /** Another job uses this destination, and its kit was kept then. */
  alreadyKept: boolean;
  onBack: () => void;
  onConfirmed: () => Promise<void>;
}

export function KitStep({ destinationId, alreadyKept, onBack, onConfirmed }: KitStepProps): ReactElement {
  const { error, pending, run } = useAction();
  const start = useCallback(() => void run(onConfirmed), [run, onConfirmed]);
  const mayStart = alreadyKept || error !== null;
  return (
    <Step
      title="Keep this recovery kit"
      lead="The first backup starts as soon as the kit is saved or printed."
      foot={(
        <>
          <Button isDisabled={pending} onPress={onBack}>Back</Button>
          {mayStart ? <span className="push"><Button look="primary" large isDisabled={pending} onPress={start}>{error === null ? 'Start the backup' : 'Try again'}</Button></span> : null}
        </>
      )}
    >
      {alreadyKept ? <Notice tone="good">You kept the kit of this destination before; nothing about it has changed.</Notice> : null}
      <ErrorNotice error={error} />
      <RecoveryKitView destinationId={destinationId} onConfirmed={start} />
    </Step>
  );
}
