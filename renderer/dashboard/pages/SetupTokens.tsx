/** What lets new computers in. */
import { useState, type ReactElement } from 'react';
import type { AdminResult, SetupTokenView } from '../../../main/shared/protocol/admin.js';
import { Button, Modal, Select, TextField } from '../../components/controls.js';
import { Icon } from '../../components/Icon.js';
import { Empty, ErrorNotice, Notice } from '../../components/status.js';
import { useApi, useFresh, useIsAdmin } from '../app/context.js';
import { JoinSteps } from '../app/JoinSteps.js';
import { Confirm, FormDialog, Loading, PageHead, Table } from '../app/parts.js';
import { momentText } from '../app/times.js';

const lives = [{ id: '1', name: '1 hour' }, { id: '24', name: '1 day' }, { id: '168', name: '1 week' }, { id: '720', name: '30 days' }, { id: 'never', name: 'Never' }] as const;
type Life = (typeof lives)[number]['id'];

const stateText = (token: SetupTokenView): string => (token.revokedAt !== null ? 'Revoked' : token.usable ? 'Usable' : token.maxUses !== null && token.uses >= token.maxUses ? 'Used up' : 'Expired');

export function SetupTokens(): ReactElement {
  const api = useApi();
  const admin = useIsAdmin();
  const { data, error, reload } = useFresh('listSetupTokens', {});
  const [creating, setCreating] = useState(false);
  const [made, setMade] = useState<AdminResult<'createSetupToken'> | null>(null);
  const [revoking, setRevoking] = useState<SetupTokenView | null>(null);
  return (
    <div className="page">
      <PageHead title="Setup tokens" lead="With a setup token a computer joins this hub by itself and gets a token of its own.">
        {admin ? <Button look="primary" onPress={() => setCreating(true)}><Icon name="add" />New setup token</Button> : null}
      </PageHead>
      {data !== null && error !== null ? <ErrorNotice error={error} /> : null}
      {data === null ? <Loading error={error} /> : data.length === 0 ? <div className="card"><Empty level={2} icon="link" title="No setup tokens yet"><p>Make one to let computers join.</p></Empty></div> : (
        <Table label="Setup tokens" columns={['Name', 'State', 'Used', 'Created', 'Expires', ...(admin ? ['Actions'] : [])]}>
          {data.map((token) => (
            <tr key={token.id}>
              <th scope="row">{token.name}</th>
              <td><span className={`tone-text tone--${token.usable ? 'good' : 'calm'}`}>{stateText(token)}</span></td>
              <td>{token.maxUses === null ? `${token.uses}` : `${token.uses} of ${token.maxUses}`}</td>
              <td className="nowrap">{momentText(token.createdAt)}</td>
              <td className="nowrap">{token.expiresAt === null ? 'Never' : momentText(token.expiresAt)}</td>
              {admin ? <td className="table__actions">{token.usable ? <Button look="quiet" aria-label={`Revoke ${token.name}`} onPress={() => setRevoking(token)}>Revoke</Button> : null}</td> : null}
            </tr>
          ))}
        </Table>
      )}
      {creating ? <CreateToken onClose={() => setCreating(false)} onMade={(token) => { setCreating(false); setMade(token); reload(); }} /> : null}
      {made === null ? null : (
        <Modal isOpen onClose={null} label="Setup token made">
          <div className="stack">
            <h2>Let computers join</h2>
            <Notice tone="due">The link is shown this once, as the hub keeps only a fingerprint of the token. Copy it now.</Notice>
            <JoinSteps command={made.command} link={made.link} />
            <div className="row row--end"><Button look="primary" onPress={() => setMade(null)}>Done</Button></div>
          </div>
        </Modal>
      )}
      {revoking === null ? null : (
        <Confirm title={`Revoke "${revoking.name}"?`} doIt="Revoke" onClose={() => setRevoking(null)} work={() => api.call('revokeSetupToken', { id: revoking.id }).then(reload)}>
          <p>No more computers can join with it. Those that did stay.</p>
        </Confirm>
      )}
    </div>
  );
}

function CreateToken({ onClose, onMade }: { onClose: () => void; onMade: (made: AdminResult<'createSetupToken'>) => void }): ReactElement {
  const api = useApi();
  const [name, setName] = useState('');
  const [life, setLife] = useState<Life>('168');
  const [uses, setUses] = useState('');
  const work = async (): Promise<void> => onMade(await api.call('createSetupToken', { name, expiresInHours: life === 'never' ? null : Number(life), maxUses: uses.trim() === '' ? null : Number(uses) }));
  return (
    <FormDialog title="New setup token" doIt="Create" stays onClose={onClose} work={work}>
      <TextField label="Name" help="What it is for, such as the name of a department." value={name} onChange={setName} />
      <Select label="Expires after" value={life} onChange={setLife} options={lives} />
      <TextField label="Number of computers" help="How many may join with it. Leave it empty for any number." value={uses} onChange={setUses} />
    </FormDialog>
  );
}
