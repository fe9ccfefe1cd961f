import { useState, type ReactElement } from 'react';
import type { ErrorShape } from '../../../main/shared/errors.js';
import type { SessionView } from '../../../main/shared/protocol/api.js';
import { Button, TextField } from '../../components/controls.js';
import { Icon } from '../../components/Icon.js';
import { ErrorNotice } from '../../components/status.js';
import { useAction } from '../../components/action.js';
import { useApi } from '../app/context.js';

export function Login({ error, onDone }: { error: ErrorShape | null; onDone: (session: SessionView) => void }): ReactElement {
  const api = useApi();
  const action = useAction();
  const [name, setName] = useState('');
  const [password, setPassword] = useState('');
  return (
    <main className="starting">
      <form
        className="card stack login"
        onSubmit={(event) => {
          event.preventDefault();
          void action.run(async () => onDone(await api.call('login', { name, password })));
        }}
      >
        <p className="sidebar__mark login__mark"><Icon name="shield" />Holdfast</p>
        <h1>Log in to this hub</h1>
        <TextField label="User name" value={name} onChange={setName} />
        <TextField label="Password" type="password" value={password} onChange={setPassword} />
        <ErrorNotice error={action.error ?? error} />
        <Button look="primary" large type="submit" isDisabled={action.pending}>Log in</Button>
        <p className="small quiet">No password yet, or forgotten? On the hub's computer, <span className="code">holdfast hub login</span> makes a link that logs you in.</p>
      </form>
    </main>
  );
}
