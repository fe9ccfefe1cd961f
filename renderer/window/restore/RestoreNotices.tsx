/** Restores under way, and how the last ones ended. */
import { useState, type ReactElement } from 'react';
import { isRestoring, restoreShare, restoreText, type RestoreView } from '../../../main/shared/restores.js';
import { useAction } from '../../components/action.js';
import { Button, Disclosure, Progress } from '../../components/controls.js';
import { ErrorNotice, Notice, type Tone } from '../../components/status.js';
import { useApi } from '../app/context.js';

const tones: Readonly<Record<RestoreView['state'], Tone>> = { waiting: 'calm', running: 'calm', succeeded: 'good', warnings: 'due', failed: 'bad', cancelled: 'calm', refused: 'calm' };

export function RestoreNotices({ restores }: { restores: readonly RestoreView[] }): ReactElement | null {
  const [read, setRead] = useState<ReadonlySet<string>>(new Set());
  const shown = restores.filter(({ id }) => !read.has(id)).slice(0, 3);
  return shown.length === 0 ? null : (
    <section className="stack stack--tight" aria-label="Restores">
      {shown.map((restore) => <RestoreNotice key={restore.id} restore={restore} onRead={() => setRead(new Set([...read, restore.id]))} />)}
    </section>
  );
}

function RestoreNotice({ restore, onRead }: { restore: RestoreView; onRead: () => void }): ReactElement {
  const api = useApi();
  const action = useAction();
  const { id, opens, result, state } = restore;
  if (isRestoring(restore)) {
    return (
      <div className="card row">
        <div style={{ flex: 1 }}><Progress label={`Restoring ${restore.what}`} words={restoreText(restore)} share={restoreShare(restore)} /></div>
        <Button isDisabled={action.pending} onPress={() => void action.run(() => api.call('cancelRestore', { restoreId: id }))}>Cancel</Button>
        <ErrorNotice error={action.error} />
      </div>
    );
  }
  const canOpen = opens !== null && (state === 'succeeded' || state === 'warnings');
  return (
    <>
      <Notice
        tone={tones[state]}
        action={(
          <span className="row">
            {canOpen ? <Button onPress={() => void action.run(() => api.call('openRestored', { restoreId: id }))}>Open folder</Button> : null}
            <Button look="quiet" onPress={onRead}>Dismiss</Button>
          </span>
        )}
      >
        {restoreText(restore)}
        {result === null || result.errors.length === 0 ? null : (
          <Disclosure level={3} summary="What could not be restored">
            <ul className="unreadable small" tabIndex={0} aria-label="What could not be restored">
              {result.errors.map(({ message, path }) => <li key={path}><span className="code">{path}</span><br /><span className="quiet">{message}</span></li>)}
            </ul>
          </Disclosure>
        )}
      </Notice>
      <ErrorNotice error={action.error} />
    </>
  );
}
