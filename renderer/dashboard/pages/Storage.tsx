/** Backups that computers keep on the hub itself: how much, how much they may, and with which credentials. */
import { useState, type ReactElement } from 'react';
import type { AdminResult } from '../../../main/shared/protocol/admin.js';
import { HoldfastError } from '../../../main/shared/errors.js';
import type { AgentStorage, StorageSettings } from '../../../main/shared/protocol/storage.js';
import { ageText, bytesText } from '../../../main/shared/text.js';
import { Button, Modal, TextField } from '../../components/controls.js';
import { Empty, ErrorNotice, Facts, Notice } from '../../components/status.js';
import { useAction, useNow } from '../../components/action.js';
import { useApi, useFresh, useIsAdmin } from '../app/context.js';
import { Confirm, CopyBox, FormDialog, Loading, PageHead, Table } from '../app/parts.js';
import { momentText } from '../app/times.js';

const GiB = 1024 ** 3;
const limitText = (bytes: number | null): string => (bytes === null ? 'No limit' : bytesText(bytes));
const inGiB = (bytes: number | null): string => (bytes === null ? '' : String(Math.round((bytes / GiB) * 100) / 100));

/** @throws HoldfastError `usage`; empty is null. */
function bytesOf(name: string, text: string): number | null {
  if (text.trim() === '') return null;
  const value = Number(text.trim().replace(',', '.'));
  if (!Number.isFinite(value) || value < 0 || value > 8_000_000) throw new HoldfastError('usage', `${name}: write a number of GiB, such as 500.`);
  return Math.round(value * GiB);
}

type Open = { what: 'quota' | 'renew'; id: string } | 'limits' | 'off' | null;

export function Storage(): ReactElement {
  const api = useApi();
  const admin = useIsAdmin();
  const { data, error, reload } = useFresh('storage', {}, 10_000);
  const [open, setOpen] = useState<Open>(null);
  const [made, setMade] = useState<AdminResult<'renewStorageCredentials'> | null>(null);
  const switching = useAction();
  const close = (): void => setOpen(null);
  const agent = open !== null && typeof open === 'object' ? data?.agents.find(({ agentId }) => agentId === open.id) : undefined;
  const settings = data?.settings;
  return (
    <div className="page">
      <PageHead title="Storage" lead="Backups that computers keep on this hub. They can add to them, never change or remove them.">
        {admin && settings !== undefined ? <Button onPress={() => setOpen('limits')}>Limits</Button> : null}
        {admin && settings?.offered === true ? <Button onPress={() => setOpen('off')}>Switch off</Button> : null}
        {admin && settings?.offered === false ? <Button look="primary" isDisabled={switching.pending} onPress={() => void switching.run(() => api.call('updateStorage', { offered: true }).then(reload))}>Switch on</Button> : null}
      </PageHead>
      <ErrorNotice error={switching.error ?? (data === null ? null : error)} />
      {data === null || settings === undefined ? <Loading error={error} /> : (
        <>
          {settings.offered ? null : <Notice tone="calm">Storage is switched off: nothing is written. What is here can still be read.</Notice>}
          <div className="card">
            <Facts rows={[
              ['Used', `${bytesText(data.usedBytes)}${settings.totalQuota === null ? ', without a limit for all together' : ` of ${bytesText(settings.totalQuota)}`}`],
              ['Free on the disk', data.freeBytes === null ? 'Not known' : `${bytesText(data.freeBytes)}, of which ${bytesText(settings.reserve)} stay free`],
              ['Quota of each computer', limitText(settings.defaultQuota)],
              ['Folder on the hub\'s computer', <span key="folder" className="code">{data.folder}</span>],
            ]} />
          </div>
          {data.agents.length === 0 ? <div className="card"><Empty level={2} icon="disk" title="No computers yet"><p>Once computers have joined, each can keep its backups here.</p></Empty></div> : (
            <Table label="Storage of each computer" columns={['Name', 'Used', 'Quota', 'Left', 'Last write', 'Credentials', ...(admin ? ['Actions'] : [])]}>
              {data.agents.slice(0, 200).map((each) => <Row key={each.agentId} agent={each} admin={admin} offered={settings.offered} onOpen={(what) => setOpen({ what, id: each.agentId })} />)}
            </Table>
          )}
          {data.agents.length > 200 ? <p className="quiet">The first 200 of {data.agents.length} are shown. The command "holdfast hub-storage list" shows all.</p> : null}
          <p className="small quiet">Old backups are removed on the hub's computer only, with the command "holdfast hub-storage forget" and the password of the computer or the office's recovery key.</p>
        </>
      )}
      {open === 'limits' && settings !== undefined ? <Limits settings={settings} onClose={close} onDone={reload} /> : null}
      {open === 'off' ? (
        <Confirm title="Switch storage off?" doIt="Switch off" onClose={close} work={() => api.call('updateStorage', { offered: false }).then(reload)}>
          <p>Jobs that keep their backups here will fail until it is switched on again. What is here stays and can be read.</p>
        </Confirm>
      ) : null}
      {agent !== undefined && typeof open === 'object' && open?.what === 'quota' ? <Quota key={agent.agentId} agent={agent} onClose={close} onDone={reload} /> : null}
      {agent !== undefined && typeof open === 'object' && open?.what === 'renew' ? (
        <Confirm title={`New credentials for "${agent.name}"?`} doIt="Make credentials" onClose={close} work={async () => { setMade(await api.call('renewStorageCredentials', { id: agent.agentId })); reload(); }}>
          <p>They let a plain restic use the storage of this computer. {agent.resticKeyAt === null ? '' : 'The ones made before stop working at once. '}The agent has its own, which go on working.</p>
        </Confirm>
      ) : null}
      {made === null ? null : (
        <Modal isOpen onClose={null} label="Credentials made">
          <div className="stack">
            <h2>Credentials for restic</h2>
            <Notice tone="due">The password is shown this once, as the hub keeps only a fingerprint of it. Copy it now.</Notice>
            <CopyBox label="Repository" text={made.url} />
            <CopyBox label="RESTIC_REST_USERNAME" text={made.user} />
            <CopyBox label="RESTIC_REST_PASSWORD" text={made.password} />
            <div className="row row--end"><Button look="primary" onPress={() => setMade(null)}>Done</Button></div>
          </div>
        </Modal>
      )}
    </div>
  );
}

function Row({ agent, admin, offered, onOpen }: { agent: AgentStorage; admin: boolean; offered: boolean; onOpen: (what: 'quota' | 'renew') => void }): ReactElement {
  const now = useNow();
  const { lastWriteAt, name, quota, removed, usedBytes } = agent;
  const full = quota !== null && usedBytes >= quota * 0.9;
  const made = [agent.agentKeyAt === null ? null : `agent ${momentText(agent.agentKeyAt)}`, agent.resticKeyAt === null ? null : `restic ${momentText(agent.resticKeyAt)}`].filter((each) => each !== null);
  return (
    <tr>
      <th scope="row">{name}{removed ? <span className="quiet"> (removed)</span> : null}</th>
      <td className="nowrap">{agent.hasRepository ? bytesText(usedBytes) : 'Nothing yet'}</td>
      <td className="nowrap">{limitText(quota)}</td>
      <td className="nowrap">{quota === null ? '' : <span className={full ? 'tone-text tone--risk' : undefined}>{bytesText(Math.max(0, quota - usedBytes))}</span>}</td>
      <td className="nowrap">{lastWriteAt === null ? 'Never' : ageText(now - Date.parse(lastWriteAt))}</td>
      <td><span className="small">{made.length === 0 ? 'None' : made.join(', ')}</span></td>
      {admin ? (
        <td className="table__actions">
          {removed ? null : <Button look="quiet" aria-label={`Quota of ${name}`} onPress={() => onOpen('quota')}>Quota</Button>}
          {removed || !offered ? null : <Button look="quiet" aria-label={`New credentials for ${name}`} onPress={() => onOpen('renew')}>Credentials</Button>}
        </td>
      ) : null}
    </tr>
  );
}

function Quota({ agent, onClose, onDone }: { agent: AgentStorage; onClose: () => void; onDone: () => void }): ReactElement {
  const api = useApi();
  const [text, setText] = useState(inGiB(agent.ownQuota));
  return (
    <FormDialog title={`Quota of "${agent.name}"`} doIt="Save" onClose={onClose} work={() => api.call('setStorageQuota', { id: agent.agentId, quota: bytesOf('Quota', text) }).then(onDone)}>
      <TextField label="Quota in GiB" help="Empty: the quota of each computer applies." value={text} onChange={setText} />
    </FormDialog>
  );
}

function Limits({ settings, onClose, onDone }: { settings: StorageSettings; onClose: () => void; onDone: () => void }): ReactElement {
  const api = useApi();
  const [each, setEach] = useState(inGiB(settings.defaultQuota));
  const [total, setTotal] = useState(inGiB(settings.totalQuota));
  const [reserve, setReserve] = useState(inGiB(settings.reserve));
  const work = async (): Promise<void> => {
    const kept = bytesOf('Stays free', reserve);
    await api.call('updateStorage', { defaultQuota: bytesOf('Each computer', each), totalQuota: bytesOf('All together', total), ...(kept === null ? {} : { reserve: kept }) });
    onDone();
  };
  return (
    <FormDialog title="Limits of storage" doIt="Save" onClose={onClose} work={work}>
      <TextField label="Each computer, GiB" help="For computers without a quota of their own. Empty: no limit." value={each} onChange={setEach} />
      <TextField label="All together, GiB" help="Empty: no limit." value={total} onChange={setTotal} />
      <TextField label="Stays free on the disk, GiB" help="Whatever the quotas say, the disk is never filled beyond this." value={reserve} onChange={setReserve} />
    </FormDialog>
  );
}
