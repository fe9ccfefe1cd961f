/** The programs that run around a job's backups. Saving them here is the owner's yes to what they hold now. */
import type { ReactElement } from 'react';
import type { Job } from '../../../main/shared/model.js';
import { Button, Modal } from '../../components/controls.js';
import { HookFields, useHooks } from '../../components/HookFields.js';
import { ErrorNotice } from '../../components/status.js';
import { useAction } from '../../components/action.js';
import { useApi } from '../app/context.js';

export function HooksDialog({ job, onClose }: { job: Job; onClose: () => void }): ReactElement {
  const api = useApi();
  const action = useAction();
  const { hooks, setTexts, texts } = useHooks(job.hooks);
  const save = async (): Promise<void> => {
    const { id: _id, agentId: _agentId, createdAt: _createdAt, ...draft } = job;
    if (await action.run(() => api.call('updateJob', { jobId: job.id, draft: { ...draft, hooks: hooks() } }))) onClose();
  };
  return (
    <Modal isOpen onClose={onClose} label={`Programs around the backup of ${job.name}`}>
      <div className="stack">
        <h2>{job.name}</h2>
        <HookFields texts={texts} onChange={setTexts} where="this computer" />
        <p className="small quiet">Saving allows what the programs that you name here hold now. When one is changed later, you are asked again.</p>
        <ErrorNotice error={action.error} />
        <div className="row row--end">
          <Button onPress={onClose}>Cancel</Button>
          <Button look="primary" isDisabled={action.pending} onPress={() => void save()}>Save</Button>
        </div>
      </div>
    </Modal>
  );
}
