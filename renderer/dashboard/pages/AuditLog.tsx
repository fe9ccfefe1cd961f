/** Every change: who, what, when, from where. */
import type { ReactElement } from 'react';
import { Empty } from '../../components/status.js';
import { useFresh } from '../app/context.js';
import { Loading, PageHead, Table } from '../app/parts.js';
import { momentText } from '../app/times.js';

const sentences: Record<string, string> = {
  createSetupToken: 'made the setup token', revokeSetupToken: 'revoked the setup token', addAgent: 'added the computer', renameAgent: 'renamed the computer',
  deleteAgent: 'deleted the computer', createJob: 'created the job', updateJob: 'changed the job', deleteJob: 'deleted the job', pauseJob: 'paused the job',
  resumeJob: 'resumed the job', moveJob: 'moved the job', runJob: 'started the job', cancelRun: 'cancelled a run of', createUser: 'added the user',
  updateUser: 'changed the user', deleteUser: 'removed the user', createLoginLink: 'made a login link', createApiToken: 'made the API token',
  deleteApiToken: 'revoked the API token', updateStorage: 'changed the settings of hub storage', setStorageQuota: 'changed the storage quota of',
  discardStorage: 'deleted the stored backups of', renewStorageCredentials: 'made storage credentials for', useRecoveryKey: 'took a recovery key into use', stopEscrow: 'stopped using a recovery key', updateAlertSettings: 'changed what counts as a problem', createAlertChannel: 'added the way to be told', updateAlertChannel: 'changed the way to be told', deleteAlertChannel: 'removed the way to be told',
  testAlertChannel: 'tested the way to be told', login: 'logged in', loginFailed: 'failed to log in', setOwnPassword: 'changed the own password',
};

export function AuditLog(): ReactElement {
  const { data, error } = useFresh('listAudit', { limit: 200 });
  return (
    <div className="page">
      <PageHead title="Audit log" lead="Every change on this hub. The newest 200 are shown; the API has the rest." />
      {data === null ? <Loading error={error} /> : data.length === 0 ? <Empty level={2} icon="logs" title="Nothing yet">Changes appear here as they happen.</Empty> : (
        <Table label="Audit log" columns={['When', 'Who', 'What', 'From']}>
          {data.map((entry) => (
            <tr key={entry.id}>
              <td className="nowrap">{momentText(entry.at)}</td>
              <td>{entry.actor}</td>
              <td>{sentences[entry.action] ?? entry.action}{entry.subject === '' ? '' : ` ${entry.subject}`}</td>
              <td className="code">{entry.address ?? 'the computer itself'}</td>
            </tr>
          ))}
        </Table>
      )}
    </div>
  );
}
