/** A place that is reached over the network: which service, its address, its keys; tried out before it is taken. */
import { useState, type ReactElement } from 'react';
import type { Place } from '../../../main/shared/ipc.js';
import { fillPreset, presets, type FilledPreset } from '../../../main/shared/presets.js';
import { Button, Modal, Select, TextField } from '../../components/controls.js';
import { ErrorNotice, Notice } from '../../components/status.js';
import { useAction } from '../../components/action.js';
import { useApi } from '../app/context.js';
import { destinationIdOf, remotePlace } from './remote.js';

interface Verdict { readonly works: boolean; readonly text: string; readonly hostKey: string | null }

const services = presets.map(({ id, name }) => ({ id, name }));

interface RemoteDialogProps {
  /** Places that jobs use already. */
  known: readonly Place[];
  /** Where this computer keeps secrets, as a person would say it. */
  keptIn: string;
  onAdd: (place: Place) => void;
  onClose: () => void;
}

export function RemoteDialog({ keptIn, known, onAdd, onClose }: RemoteDialogProps): ReactElement | null {
  const api = useApi();
  const action = useAction();
  const [id, setId] = useState(services[0]?.id ?? '');
  const [answers, setAnswers] = useState<Readonly<Record<string, string>>>({});
  const [verdict, setVerdict] = useState<Verdict | null>(null);
  const preset = presets.find((each) => each.id === id);
  if (preset === undefined) return null;

  const change = (name: string, value: string): void => {
    setAnswers((old) => ({ ...old, [name]: value }));
    setVerdict(null);
  };
  const choose = (next: string): void => {
    setId(next);
    setAnswers({});
    setVerdict(null);
  };
  /** @returns null when it does not work; why is shown then. */
  const tryOut = async (given: Readonly<Record<string, string>>): Promise<FilledPreset | null> => {
    setVerdict(null);
    const filled = fillPreset(id, given);
    const result = await api.call('testDestination', { destination: { id: await destinationIdOf(filled.url, known), url: filled.url }, settings: filled.backend });
    if (!result.ok) {
      setVerdict({ works: false, text: result.message, hostKey: result.hostKey });
      return null;
    }
    setVerdict({ works: true, hostKey: null, text: `It works: a small file was written, listed, read${result.appendOnly ? '' : ' and deleted'}.${result.appendOnly ? ' This server lets files be added and none deleted.' : ''}${result.repository ? ' There is a repository already.' : ''}` });
    return filled;
  };
  const accept = (hostKey: string): void => {
    const accepted = { ...answers, 'host-key': hostKey };
    setAnswers(accepted);
    void action.run(() => tryOut(accepted));
  };
  const use = async (): Promise<void> => {
    const filled = await tryOut(answers);
    if (filled === null) return;
    const place = await remotePlace(preset, answers, filled.url, known);
    const hasKeys = Object.keys(filled.backend).length > 0;
    await api.call('setDestinationKeys', { destination: { id: place.destinationId, url: filled.url }, settings: hasKeys ? filled.backend : null });
    onAdd(place);
  };

  return (
    <Modal isOpen onClose={onClose} label="A server or cloud storage">
      <div className="stack">
        <h2>A server or cloud storage</h2>
        <Select label="Service" value={id} onChange={choose} options={services} />
        <p className="small quiet">{preset.hint}{' '}{preset.keyPage === null ? null : <Button look="quiet" onPress={() => void action.run(() => api.call('openKeyPage', { preset: id }))}>Open the page for keys</Button>}</p>
        <div className="columns" style={{ gridTemplateColumns: 'repeat(auto-fit, minmax(16rem, 1fr))' }}>
          {preset.fields.map(({ example, label, name, required, secret, value }) => (
            <TextField
              key={`${id} ${name}`} label={required && value === undefined ? label : `${label} (may be empty)`} type={secret === true ? 'password' : 'text'} multiline={name === 'ca-certificate'}
              value={answers[name] ?? ''} onChange={(text) => change(name, text)}
              {...(value !== undefined ? { help: `If empty: ${value}` } : example === undefined ? {} : { help: `Such as ${example}` })}
            />
          ))}
        </div>
        <p className="small quiet">Keys stay on this computer, in {keptIn}.</p>
        {verdict === null ? null : <Notice tone={verdict.works ? 'good' : 'due'}>{verdict.text}</Notice>}
        {verdict?.hostKey == null ? null : <div className="row"><Button onPress={() => { if (verdict.hostKey !== null) accept(verdict.hostKey); }}>This is the server's fingerprint, trust it</Button></div>}
        <ErrorNotice error={action.error} />
        <div className="row row--end">
          <Button isDisabled={action.pending} onPress={() => void action.run(() => tryOut(answers))}>{action.pending ? 'Trying…' : 'Test'}</Button>
          <span className="push"><Button onPress={onClose}>Cancel</Button></span>
          <Button look="primary" isDisabled={action.pending} onPress={() => void action.run(use)}>Use this place</Button>
        </div>
      </div>
    </Modal>
  );
}
