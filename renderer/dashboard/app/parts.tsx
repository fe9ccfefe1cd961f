/** Small things that several pages need. */
import { useState, type ReactElement, type ReactNode } from 'react';
import type { ErrorShape } from '../../../main/shared/errors.js';
import { Button, Modal } from '../../components/controls.js';
import { Icon } from '../../components/Icon.js';
import { ErrorNotice } from '../../components/status.js';
import { useAction } from '../../components/action.js';

export function PageHead({ title, lead, children }: { title: string; lead: string; children?: ReactNode }): ReactElement {
  return (
    <div className="page__head">
      <div><h1>{title}</h1><p className="quiet">{lead}</p></div>
      <div className="row push">{children}</div>
    </div>
  );
}

/** A table by its columns. Wide ones scroll inside their card, with the keyboard too. */
export function Table({ label, columns, children }: { label: string; columns: readonly string[]; children: ReactNode }): ReactElement {
  return (
    <div className="card card--table" role="region" aria-label={label} tabIndex={0}>
      <table className="table">
        <thead><tr>{columns.map((column) => <th key={column} scope="col">{column === 'Actions' ? <span className="hidden">Actions</span> : column}</th>)}</tr></thead>
        <tbody>{children}</tbody>
      </table>
    </div>
  );
}

/** Goes through a long list page by page; nothing where one page is all. @param total null where nobody counted. */
export function Pager({ from, shown, total, more, pageSize, onFrom }: { from: number; shown: number; total: number | null; more: boolean; pageSize: number; onFrom: (from: number) => void }): ReactElement | null {
  if (from === 0 && !more) return null;
  return (
    <nav className="row" aria-label="Pages">
      <span className="quiet" role="status">{shown === 0 ? '' : `${from + 1} to ${from + shown}${total === null ? '' : ` of ${total}`}`}</span>
      <span className="row push">
        <Button isDisabled={from === 0} onPress={() => onFrom(Math.max(from - pageSize, 0))}>Previous page</Button>
        <Button isDisabled={!more} onPress={() => onFrom(from + pageSize)}>Next page</Button>
      </span>
    </nav>
  );
}

/** Something to copy to another computer. */
export function CopyBox({ label, text }: { label: string; text: string }): ReactElement {
  const [copied, setCopied] = useState(false);
  const copy = async (): Promise<void> => {
    await navigator.clipboard.writeText(text);
    setCopied(true);
  };
  return (
    <div className="field">
      <span className="field__label">{label}</span>
      <div className="copybox">
        <code className="code">{text}</code>
        <Button aria-label={`Copy: ${label}`} onPress={() => void copy().catch(() => setCopied(false))}><Icon name={copied ? 'check' : 'copy'} />{copied ? 'Copied' : 'Copy'}</Button>
      </div>
    </div>
  );
}

/** Asks before something that cannot be undone. */
export function Confirm({ title, doIt, onClose, work, children }: { title: string; doIt: string; onClose: () => void; work: () => Promise<unknown>; children: ReactNode }): ReactElement {
  const action = useAction();
  return (
    <Modal isOpen small onClose={onClose} label={title}>
      <div className="stack">
        <h2>{title}</h2>
        {children}
        <ErrorNotice error={action.error} />
        <div className="row row--end">
          <Button onPress={onClose}>Cancel</Button>
          <Button look="danger" isDisabled={action.pending} onPress={() => void action.run(work).then((done) => { if (done) onClose(); })}>{doIt}</Button>
        </div>
      </div>
    </Modal>
  );
}

interface FormProps {
  title: string;
  doIt: string;
  onClose: () => void;
  work: () => Promise<unknown>;
  /** Wider, for long forms. */
  wide?: boolean;
  /** It stays open after the work, to show what came of it. */
  stays?: boolean;
  children: ReactNode;
}

export function FormDialog({ title, doIt, onClose, work, wide = false, stays = false, children }: FormProps): ReactElement {
  const action = useAction();
  return (
    <Modal isOpen small={!wide} onClose={onClose} label={title}>
      <form
        className="stack"
        onSubmit={(event) => {
          event.preventDefault();
          void action.run(work).then((done) => { if (done && !stays) onClose(); });
        }}
      >
        <h2>{title}</h2>
        {children}
        <ErrorNotice error={action.error} />
        <div className="row row--end">
          <Button onPress={onClose}>Cancel</Button>
          <Button look="primary" type="submit" isDisabled={action.pending}>{doIt}</Button>
        </div>
      </form>
    </Modal>
  );
}

export function Loading({ error }: { error: ErrorShape | null }): ReactElement {
  return error === null ? <p className="quiet" role="status">Loading…</p> : <ErrorNotice error={error} />;
}
