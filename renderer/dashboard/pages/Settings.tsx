/** One's own password; for admins also people and programs. */
import { useState, type ReactElement } from 'react';
import type { AdminResult, ApiTokenView, Role, UserView } from '../../../main/shared/protocol/admin.js';
import { Button, Modal, Select, TextField } from '../../components/controls.js';
import { ErrorNotice, Facts, Notice } from '../../components/status.js';
import { useAction } from '../../components/action.js';
import { useApi, useFresh, useIsAdmin, useSession } from '../app/context.js';
import { Confirm, CopyBox, FormDialog, Loading, PageHead, Table } from '../app/parts.js';
import { momentText } from '../app/times.js';

const roleNames: Record<Role, string> = { viewer: 'Viewer: may look', admin: 'Admin: may change everything' };
const roleOptions = [{ id: 'viewer', name: roleNames.viewer }, { id: 'admin', name: roleNames.admin }] as const;

export function Settings(): ReactElement {
  const session = useSession();
  const hub = useFresh('hub', {}, 30_000);
  return (
    <div className="page">
      <PageHead title="Settings" lead="Who may use this hub, and how." />
      <section className="card stack" aria-label="This hub">
        <h2>This hub</h2>
        {hub.data === null ? <Loading error={hub.error} /> : (
          <Facts rows={[['Name', hub.data.name], ['Address', <span key="url" className="code">{hub.data.url}</span>], ['Certificate (SHA-256)', <span key="print" className="code">{hub.data.fingerprint}</span>], ['Running since', momentText(hub.data.startedAt)]]} />
        )}
      </section>
      {session.user === null ? null : <OwnPassword name={session.user.name} hasPassword={session.user.hasPassword} />}
      <UserList />
      <TokenList />
    </div>
  );
}

function OwnPassword({ name, hasPassword }: { name: string; hasPassword: boolean }): ReactElement {
  const api = useApi();
  const action = useAction();
  const [needsCurrent, setNeedsCurrent] = useState(hasPassword);
  const [current, setCurrent] = useState('');
  const [password, setPassword] = useState('');
  const [done, setDone] = useState(false);
  return (
    <form
      className="card stack" aria-label="Your password"
      onSubmit={(event) => {
        event.preventDefault();
        setDone(false);
        void action.run(() => api.call('setOwnPassword', { password, ...(needsCurrent ? { current } : {}) })).then((ok) => {
          if (!ok) return;
          setDone(true);
          setNeedsCurrent(true);
          setCurrent('');
          setPassword('');
        });
      }}
    >
      <h2>Your password</h2>
      <p className="quiet">You are logged in as {name}.</p>
      <div className="columns">
        {needsCurrent ? <TextField label="Current password" type="password" value={current} onChange={setCurrent} /> : null}
        <TextField label="New password" type="password" help="At least 10 characters." value={password} onChange={setPassword} />
      </div>
      <ErrorNotice error={action.error} />
      {done ? <p role="status">The password is set. Your other sessions have ended.</p> : null}
      <div><Button type="submit" isDisabled={action.pending}>{needsCurrent ? 'Change password' : 'Set password'}</Button></div>
    </form>
  );
}

function UserList(): ReactElement {
  const api = useApi();
  const admin = useIsAdmin();
  const { data, error, reload } = useFresh('listUsers', {}, 15_000);
  const [adding, setAdding] = useState(false);
  const [editing, setEditing] = useState<UserView | null>(null);
  const [removing, setRemoving] = useState<UserView | null>(null);
  return (
    <section className="stack">
      <div className="row"><h2>Users</h2>{admin ? <span className="push"><Button onPress={() => setAdding(true)}>Add user</Button></span> : null}</div>
      {data === null ? <Loading error={error} /> : (
        <Table label="Users" columns={['Name', 'Role', 'Password', 'Added', ...(admin ? ['Actions'] : [])]}>
          {data.map((user) => (
            <tr key={user.id}>
              <th scope="row">{user.name}</th><td>{user.role === 'admin' ? 'Admin' : 'Viewer'}</td><td>{user.hasPassword ? 'Set' : 'None, by login link only'}</td><td className="nowrap">{momentText(user.createdAt)}</td>
              {admin ? (
                <td className="table__actions">
                  <Button look="quiet" aria-label={`Change ${user.name}`} onPress={() => setEditing(user)}>Change</Button>
                  <Button look="quiet" aria-label={`Remove ${user.name}`} onPress={() => setRemoving(user)}>Remove</Button>
                </td>
              ) : null}
            </tr>
          ))}
        </Table>
      )}
      {adding || editing !== null ? <UserForm key={editing?.id ?? 'new'} user={editing} onClose={() => { setAdding(false); setEditing(null); }} onDone={reload} /> : null}
      {removing === null ? null : (
        <Confirm title={`Remove "${removing.name}"?`} doIt="Remove user" onClose={() => setRemoving(null)} work={() => api.call('deleteUser', { id: removing.id }).then(reload)}>
          <p>All sessions of this person end at once.</p>
        </Confirm>
      )}
    </section>
  );
}

function UserForm({ user, onClose, onDone }: { user: UserView | null; onClose: () => void; onDone: () => void }): ReactElement {
  const api = useApi();
  const [name, setName] = useState(user?.name ?? '');
  const [role, setRole] = useState<Role>(user?.role ?? 'viewer');
  const [password, setPassword] = useState('');
  const work = async (): Promise<void> => {
    if (user === null) await api.call('createUser', { name, role, password });
    else await api.call('updateUser', { id: user.id, role, ...(password === '' ? {} : { password }) });
    onDone();
  };
  return (
    <FormDialog title={user === null ? 'Add a user' : `Change "${user.name}"`} doIt={user === null ? 'Add user' : 'Save'} onClose={onClose} work={work}>
      {user === null ? <TextField label="User name" value={name} onChange={setName} /> : null}
      <Select label="Role" value={role} onChange={setRole} options={roleOptions} />
      <TextField label={user === null ? 'Password' : 'New password'} type="password" help={user === null ? 'At least 10 characters.' : 'Leave it empty to keep the old one. All sessions of this person end.'} value={password} onChange={setPassword} />
    </FormDialog>
  );
}

function TokenList(): ReactElement {
  const api = useApi();
  const admin = useIsAdmin();
  const { data, error, reload } = useFresh('listApiTokens', {}, 15_000);
  const [adding, setAdding] = useState(false);
  const [made, setMade] = useState<AdminResult<'createApiToken'> | null>(null);
  const [revoking, setRevoking] = useState<ApiTokenView | null>(null);
  return (
    <section className="stack">
      <div className="row"><h2>API tokens</h2>{admin ? <span className="push"><Button onPress={() => setAdding(true)}>New API token</Button></span> : null}</div>
      <p className="quiet">For programs that use this hub's API. <a className="link" href="./api/v1/openapi.json" target="_blank" rel="noreferrer">Its description (OpenAPI)</a></p>
      {data === null ? <Loading error={error} /> : data.length === 0 ? <p>No API tokens.</p> : (
        <Table label="API tokens" columns={['Name', 'Role', 'Created', 'Expires', 'Last used', ...(admin ? ['Actions'] : [])]}>
          {data.map((token) => (
            <tr key={token.id}>
              <th scope="row">{token.name}</th><td>{token.role === 'admin' ? 'Admin' : 'Viewer'}</td><td className="nowrap">{momentText(token.createdAt)}</td>
              <td className="nowrap">{token.expiresAt === null ? 'Never' : momentText(token.expiresAt)}</td><td className="nowrap">{token.lastUsedAt === null ? 'Never' : momentText(token.lastUsedAt)}</td>
              {admin ? <td className="table__actions"><Button look="quiet" aria-label={`Revoke ${token.name}`} onPress={() => setRevoking(token)}>Revoke</Button></td> : null}
            </tr>
          ))}
        </Table>
      )}
      {adding ? <TokenForm onClose={() => setAdding(false)} onMade={(token) => { setAdding(false); setMade(token); reload(); }} /> : null}
      {made === null ? null : (
        <Modal isOpen onClose={null} label="API token made">
          <div className="stack">
            <h2>API token</h2>
            <Notice tone="due">It is shown this once. Copy it now.</Notice>
            <CopyBox label="Token" text={made.token} />
            <div className="row row--end"><Button look="primary" onPress={() => setMade(null)}>Done</Button></div>
          </div>
        </Modal>
      )}
      {revoking === null ? null : (
        <Confirm title={`Revoke "${revoking.name}"?`} doIt="Revoke" onClose={() => setRevoking(null)} work={() => api.call('deleteApiToken', { id: revoking.id }).then(reload)}>
          <p>Programs that use it are refused from now on.</p>
        </Confirm>
      )}
    </section>
  );
}

function TokenForm({ onClose, onMade }: { onClose: () => void; onMade: (made: AdminResult<'createApiToken'>) => void }): ReactElement {
  const api = useApi();
  const [name, setName] = useState('');
  const [role, setRole] = useState<Role>('viewer');
  const [days, setDays] = useState('');
  return (
    <FormDialog title="New API token" doIt="Create" stays onClose={onClose} work={async () => onMade(await api.call('createApiToken', { name, role, expiresInDays: days.trim() === '' ? null : Number(days) }))}>
      <TextField label="Name" help="Which program uses it." value={name} onChange={setName} />
      <Select label="Role" value={role} onChange={setRole} options={roleOptions} />
      <TextField label="Days until it expires" help="Leave it empty for never." value={days} onChange={setDays} />
    </FormDialog>
  );
}
