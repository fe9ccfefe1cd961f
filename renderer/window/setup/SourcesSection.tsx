/** Databases and sites of the new job: what was chosen, what was found here, and a form for the rest. */
import { useState, type ReactElement } from 'react';
import type { Discovery, Proposal } from '../../../main/shared/discovery.js';
import { isServer, passwordTarget, sourceText, type DatabaseSource } from '../../../main/shared/sources.js';
import { Button, Modal } from '../../components/controls.js';
import { SourceForm } from '../../components/SourceForm.js';
import { ErrorNotice } from '../../components/status.js';
import { useAction } from '../../components/action.js';
import { useApi } from '../app/context.js';

interface Props {
  sources: readonly DatabaseSource[];
  /** Searched for sites and SQLite files. */
  folders: readonly string[];
  onChange: (sources: readonly DatabaseSource[]) => void;
}

export function SourcesSection({ sources, folders, onChange }: Props): ReactElement {
  const api = useApi();
  const looking = useAction();
  const [found, setFound] = useState<Discovery | null>(null);
  const [form, setForm] = useState<{ initial?: DatabaseSource } | null>(null);
  const texts = new Set(sources.map(sourceText));
  const offered = found?.proposals.filter(({ source }) => !texts.has(sourceText(source))) ?? [];

  const add = async (source: DatabaseSource, password: string): Promise<void> => {
    if (password !== '' && isServer(source)) await api.call('setSourcePassword', { target: passwordTarget(source), password });
    onChange([...sources.filter((each) => sourceText(each) !== sourceText(source)), source]);
    setForm(null);
  };
  const take = ({ source }: Proposal): void => {
    if (source.type === 'files') return;
    // a server wants a user and a password; a site has both in its own settings
    if (isServer(source)) setForm({ initial: source });
    else onChange([...sources, source]);
  };
  return (
    <section className="stack stack--tight" aria-label="Databases and sites">
      <h2>Databases and sites</h2>
      {sources.map((source) => (
        <div className="row" key={sourceText(source)}>
          <span className="selectable" style={{ overflowWrap: 'anywhere' }}>{sourceText(source)}</span>
          <span className="push"><Button look="quiet" aria-label={`Remove ${sourceText(source)}`} onPress={() => onChange(sources.filter((each) => each !== source))}>Remove</Button></span>
        </div>
      ))}
      {offered.map((proposal) => (
        <div className="row" key={proposal.sentence} style={{ flexWrap: 'nowrap' }}>
          <span className="quiet" style={{ overflowWrap: 'anywhere' }}>{proposal.sentence}</span>
          <span className="push"><Button aria-label={`Add ${sourceText(proposal.source)}`} onPress={() => take(proposal)}>Add{isServer(proposal.source) ? '…' : ''}</Button></span>
        </div>
      ))}
      {found !== null && found.proposals.length === 0 ? <p className="quiet" role="status">No database or site was found here.</p> : null}
      {found?.notes.map((note) => <p className="small quiet" key={note}>{note}</p>)}
      <ErrorNotice error={looking.error} />
      <div className="row">
        <Button isDisabled={looking.pending} onPress={() => void looking.run(async () => setFound(await api.call('discover', { folders: [...folders] })))}>
          {looking.pending ? 'Looking…' : 'Look for databases and sites'}
        </Button>
        <Button onPress={() => setForm({})}>Add one by hand…</Button>
      </div>
      <Modal isOpen={form !== null} onClose={() => setForm(null)} label="Database or site">
        <div className="stack">
          <h2>Database or site</h2>
          {form === null ? null : <SourceForm initial={form.initial} withPassword onCancel={() => setForm(null)} onAdd={add} />}
        </div>
      </Modal>
    </section>
  );
}
