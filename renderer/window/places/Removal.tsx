/** Removing Holdfast from this computer: what that ends, and what is to become of it. */
import { useState, type ReactElement } from 'react';
import type { RemovalView } from '../../../main/shared/ipc.js';
import { Button, Modal, Switch } from '../../components/controls.js';
import { useAction } from '../../components/action.js';
import { ErrorNotice, Notice } from '../../components/status.js';
import { useApi } from '../app/context.js';

export function Removal(): ReactElement {
  const api = useApi();
  const [view, setView] = useState<RemovalView | null>(null);
  const action = useAction();
  return (
    <section className="card stack" aria-label="Remove Holdfast">
      <h2>Remove Holdfast</h2>
      <p className="quiet">Repositories are never touched: what was backed up stays, and the recovery kits still open it.</p>
      <ErrorNotice error={action.error} />
      <div className="row"><Button look="danger" isDisabled={action.pending} onPress={() => void action.run(async () => setView(await api.call('removal', {})))}>Remove Holdfast…</Button></div>
      <Modal small isOpen={view !== null} onClose={() => setView(null)} label="Remove Holdfast from this computer">
        {view === null ? null : <Choices view={view} onClose={() => setView(null)} />}
      </Modal>
    </section>
  );
}

function Choices({ view: { hub, jobs, possible, repositories }, onClose }: { view: RemovalView; onClose: () => void }): ReactElement {
  const api = useApi();
  const action = useAction();
  const [purge, setPurge] = useState(true);
  const [keepOnHub, setKeepOnHub] = useState(false);
  const [forgetPasswords, setForget] = useState(false);
  const unsaved = jobs.filter(({ kitSaved }) => !kitSaved);
  const remove = (): void => void action.run(async () => {
    if (!(await api.call('removeHoldfast', { purge, keepOnHub, forgetPasswords })).removed) onClose();
  });
  return (
    <div className="stack">
      <h2>Remove Holdfast from this computer</h2>
      {jobs.length === 0 ? null : (
        <>
          <p>These jobs will not run any more:</p>
          <ul>{jobs.map(({ destination, id, kitSaved, name }) => <li key={id}>{name}, into {destination}{kitSaved ? '' : ' (its recovery kit was never saved: save it first, on the job)'}</li>)}</ul>
        </>
      )}
      {repositories.map((path) => <p key={path}>A repository is in <span className="code">{path}</span>; it stays.</p>)}
      {!possible ? (
        <Notice tone="due">Another process runs the agent of this computer, perhaps a service. Type this into a terminal: <span className="code">holdfast uninstall --purge</span></Notice>
      ) : (
        <>
          <Switch isSelected={purge} onChange={setPurge}>Delete settings, history and the passwords kept on this computer</Switch>
          {purge && hub !== null ? (
            <>
              <Switch isSelected={!keepOnHub} onChange={(on) => setKeepOnHub(!on)}>Remove this computer and its jobs from the hub</Switch>
              <p className="quiet">{keepOnHub ? 'The hub keeps them; whoever keeps the hub can give the jobs to another computer, on its page "Jobs".' : `The hub ${hub} is told. To give the jobs to another computer instead, switch this off, or have that done there first.`}</p>
            </>
          ) : null}
          {purge && unsaved.length > 0 ? <Switch isSelected={forgetPasswords} onChange={setForget}>Lose the backups whose recovery kit was never saved</Switch> : null}
        </>
      )}
      <ErrorNotice error={action.error} />
      <div className="row row--end">
        <Button onPress={onClose}>Close</Button>
        {possible ? <Button look="danger" isDisabled={action.pending || (purge && unsaved.length > 0 && !forgetPasswords)} onPress={remove}>Remove Holdfast</Button> : null}
      </div>
    </div>
  );
}
