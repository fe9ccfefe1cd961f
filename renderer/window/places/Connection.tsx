/** Connection: the tunnel, the hub at its other end, and where the secrets are. */
import { useEffect, useState, type ReactElement } from 'react';
import { Button as AriaButton, Menu, MenuItem, MenuTrigger, Popover } from 'react-aria-components';
import type { AgentState } from '../../../main/shared/control.js';
import { pauseChoices } from '../../../main/shared/pause.js';
import { connectionLine, untilText } from '../../../main/shared/phrases.js';
import type { IpcResult } from '../../../main/shared/ipc.js';
import { Button, Modal, TextField } from '../../components/controls.js';
import { Icon } from '../../components/Icon.js';
import { ErrorNotice, Facts, Notice, type Tone } from '../../components/status.js';
import { useAction, useNow } from '../../components/action.js';
import { useApi } from '../app/context.js';
import { OwnHub } from './OwnHub.js';
import { momentText, pastText } from '../app/times.js';

const tones: Record<AgentState['connection']['state'], Tone> = {
  connected: 'good', connecting: 'calm', waiting: 'due', paused: 'calm', stopped: 'bad', 'not-joined': 'calm',
};

export function Connection({ state }: { state: AgentState }): ReactElement {
  const { connection } = state;
  const now = useNow(5_000);
  /** The last error is why there is no connection now, not history. */
  const troubled = connection.lastError !== null && (connection.state === 'waiting' || connection.state === 'stopped');
  return (
    <div className="place__body">
      <div className="place__head" style={{ marginBottom: 0 }}><h1>Connection</h1></div>
      <section className="card stack" aria-label="Hub">
        <div className="row">
          <h2 className={`tone--${tones[connection.state]} tone-text`}>{connectionLine(connection)}</h2>
          <div className="push"><PauseOrResume state={state} /></div>
        </div>
        {troubled ? <Notice tone={connection.state === 'stopped' ? 'bad' : 'due'}>{connection.lastError?.message}</Notice> : null}
        <Facts rows={[
          ['Hub', connection.hubName === null ? (connection.hub ?? 'None') : `${connection.hubName} (${connection.hub ?? ''})`],
          ['Since', pastText(connection.since, now)],
          ...(connection.nextAttemptAt === null ? [] : [['Next attempt', untilText(Date.parse(connection.nextAttemptAt), now)] as const]),
          ['Last error', connection.lastError === null ? 'None' : troubled ? momentText(connection.lastError.at, now) : `${connection.lastError.message} (${momentText(connection.lastError.at, now)})`],
          ['This computer', state.agent.name],
          ['Secrets', `Kept in ${state.secrets.description}`],
        ]} />
        {state.secrets.kind === 'keychain' ? null : (
          <Notice tone="due">This computer has no keychain that Holdfast can use, so passwords and tokens are kept in a file. Whoever can read your files can read them.</Notice>
        )}
      </section>
      {state.recovery === null || state.recovery === undefined ? null : <OfficeRecovery recovery={state.recovery} hub={state.connection.hubName ?? 'The office'} />}
      <OwnHub state={state} />
      <Membership state={state} />
    </div>
  );
}

/** An office with a recovery key says so to everybody whose backups it can open. */
function OfficeRecovery({ recovery: { answer, recipient }, hub }: { recovery: NonNullable<AgentState['recovery']>; hub: string }): ReactElement {
  const api = useApi();
  const action = useAction();
  const decide = (allow: boolean): void => void action.run(() => api.call('answerRecovery', { recipient, allow }));
  return (
    <section className="card stack" aria-label="Recovery by the office">
      <h2>{answer === 'allowed' ? `${hub} can recover the backups of this computer` : answer === 'refused' ? `${hub} cannot recover the backups of this computer` : `${hub} asks to be able to recover the backups of this computer`}</h2>
      <p>
        {answer === 'allowed'
          ? 'The passwords of its backups are sealed to the recovery key of the office. Whoever has that key can open the backups, should this computer be lost.'
          : 'If you allow it, the passwords of its backups are sealed to the recovery key of the office. Whoever has that key can then open the backups, should this computer be lost.'}
        {answer === 'allowed' ? ' Taking it back keeps later passwords from the office; those that it has, it keeps.' : ''}
      </p>
      <p className="small quiet">Recovery key: <span className="code">{recipient}</span></p>
      <ErrorNotice error={action.error} />
      <div className="row">
        {answer === 'allowed' ? null : <Button look="primary" isDisabled={action.pending} onPress={() => decide(true)}>Allow</Button>}
        {answer === 'refused' ? null : <Button isDisabled={action.pending} onPress={() => decide(false)}>{answer === 'allowed' ? 'Take it back' : 'Do not allow'}</Button>}
      </div>
    </section>
  );
}

function PauseOrResume({ state }: { state: AgentState }): ReactElement {
  const api = useApi();
  const action = useAction();
  if (state.paused !== null) {
    return (
      <>
        <Button look="primary" isDisabled={action.pending} onPress={() => void action.run(() => api.call('resume', {}))}><Icon name="play" />Resume agent</Button>
        <ErrorNotice error={action.error} />
      </>
    );
  }
  const pause = (label: string): void => {
    const choice = pauseChoices(new Date()).find((offered) => offered.label === label);
    if (choice !== undefined) void action.run(() => api.call('pause', { until: choice.until?.toISOString() ?? null }));
  };
  return (
    <MenuTrigger>
      <AriaButton className="button" isDisabled={action.pending}><Icon name="pause" />Pause agent</AriaButton>
      <Popover className="popover" placement="bottom end">
        <Menu className="menu" onAction={(key) => pause(String(key))}>
          {pauseChoices(new Date(0)).map(({ label }) => <MenuItem key={label} id={label} className="menu__item">{label}</MenuItem>)}
        </Menu>
      </Popover>
    </MenuTrigger>
  );
}

function Membership({ state }: { state: AgentState }): ReactElement {
  const api = useApi();
  const [about, setAbout] = useState<IpcResult<'about'> | null>(null);
  const [link, setLink] = useState('');
  const [leaving, setLeaving] = useState(false);
  const action = useAction();
  useEffect(() => {
    void api.call('about', {}).then(setAbout, () => setAbout(null));
  }, [api, state.connection.hub]);

  const joined = state.connection.state !== 'not-joined';
  const join = (): void => void action.run(async () => {
    await api.call('join', { link });
    setLink('');
  });
  return (
    <section className="card stack" aria-label="Membership">
      <h2>{joined ? 'Join another hub' : 'Join a hub'}</h2>
      <p className="quiet">
        {about?.ownHub === true
          ? 'Holdfast has a hub of its own on this computer, so there is nothing to set up. If your office runs a hub, whoever looks after it can give you a setup link.'
          : 'Whoever looks after the hub can give you a setup link. It works once.'}
      </p>
      <TextField label="Setup link" value={link} onChange={setLink} multiline help="It begins with holdfast://join" />
      <ErrorNotice error={action.error} />
      <div className="row">
        <Button look="primary" isDisabled={action.pending || link.trim() === ''} onPress={join}>Join</Button>
        {!joined && about?.ownHub === true
          ? <Button isDisabled={action.pending} onPress={() => void action.run(() => api.call('useOwnHub', {}))}>Use this computer's own hub</Button>
          : null}
        {joined ? <span className="push"><Button look="danger" onPress={() => setLeaving(true)}>Leave this hub…</Button></span> : null}
      </div>
      <Modal small isOpen={leaving} onClose={() => setLeaving(false)} label="Leave this hub?">
        <div className="stack">
          <h2>Leave this hub?</h2>
          <p>Its jobs no longer run on this computer. The backups that were made stay where they are, and their recovery kits still open them.</p>
          <div className="row row--end">
            <Button onPress={() => setLeaving(false)}>Stay</Button>
            <Button look="danger" onPress={() => { setLeaving(false); void action.run(() => api.call('leave', {})); }}>Leave</Button>
          </div>
        </div>
      </Modal>
    </section>
  );
}
