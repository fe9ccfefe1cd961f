/** The recovery kit on screen, with the two ways to keep it. */
import { useEffect, useState, type ReactElement } from 'react';
import { Link } from 'react-aria-components';
import type { RecoveryKit } from '../../../main/shared/control.js';
import { recoveryKitAdvice, recoveryKitReason, resticRestoreCommand } from '../../../main/shared/recovery-kit.js';
import { Button } from '../../components/controls.js';
import { Icon } from '../../components/Icon.js';
import { ErrorNotice, Notice } from '../../components/status.js';
import { useAction } from '../../components/action.js';
import { useApi } from '../app/context.js';

export function RecoveryKitView({ destinationId, onConfirmed }: { destinationId: string; onConfirmed: () => void }): ReactElement {
  const api = useApi();
  const loading = useAction();
  const keeping = useAction();
  const [kit, setKit] = useState<RecoveryKit | null>(null);
  const [said, setSaid] = useState<string | null>(null);
  const { run } = loading;
  useEffect(() => {
    void run(async () => setKit(await api.call('recoveryKit', { destinationId })));
  }, [api, run, destinationId]);

  if (kit === null) return <ErrorNotice error={loading.error} />;
  const save = async (): Promise<void> => {
    const { path } = await api.call('saveRecoveryKit', { destinationId });
    if (path === null) return;
    setSaid(`Saved as ${path}`);
    onConfirmed();
  };
  const print = async (): Promise<void> => {
    const { printed } = await api.call('printRecoveryKit', { destinationId });
    if (!printed) return;
    setSaid('Sent to the printer');
    onConfirmed();
  };
  const copy = async (text: string, what: string): Promise<void> => {
    await api.call('copyText', { text });
    setSaid(`${what} copied`);
  };
  const command = resticRestoreCommand(kit.repositoryUrl);
  return (
    <div className="kit">
      <p>{recoveryKitReason}</p>
      <div>
        <p className="field__label">Password</p>
        <div className="kit__password">
          <code className="code">{kit.password}</code>
          <Button look="quiet" aria-label="Copy the password" onPress={() => void keeping.run(() => copy(kit.password, 'Password'))}><Icon name="copy" />Copy</Button>
        </div>
      </div>
      <div className="row">
        <Button look="primary" large isDisabled={keeping.pending} onPress={() => void keeping.run(save)}>Save…</Button>
        <Button large isDisabled={keeping.pending} onPress={() => void keeping.run(print)}>Print…</Button>
        <span className="small quiet" style={{ flex: 1 }}>{recoveryKitAdvice}</span>
      </div>
      <ErrorNotice error={keeping.error} />
      {said === null ? null : <Notice tone="good">{said}</Notice>}
      <div className="stack stack--tight">
        <p className="quiet">
          Your files are never locked into Holdfast. The free program <Link className="link" onPress={() => void keeping.run(() => api.call('openExternal', { page: 'restic' }))}>restic</Link> gets them back with this command, and asks for the password:
        </p>
        <pre className="command code" tabIndex={0} aria-label="Command to restore with restic">{command}</pre>
      </div>
    </div>
  );
}
