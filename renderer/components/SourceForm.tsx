/** A database or site, as a person describes it. */
import { useState, type ReactElement } from 'react';
import { asHoldfastError, HoldfastError, type ErrorShape } from '../../main/shared/errors.js';
import { sourceSchema } from '../../main/shared/model.js';
import { defaultPorts, type DatabaseSource } from '../../main/shared/sources.js';
import { Button, Select, TextField } from './controls.js';
import { ErrorNotice } from './status.js';

const kinds = [
  { id: 'postgresql', name: 'PostgreSQL' }, { id: 'mysql', name: 'MySQL or MariaDB' }, { id: 'mongodb', name: 'MongoDB' }, { id: 'redis', name: 'Redis' },
  { id: 'sqlite', name: 'SQLite file' }, { id: 'wordpress', name: 'WordPress site' }, { id: 'laravel', name: 'Laravel application' },
] as const;
type Kind = (typeof kinds)[number]['id'];

const places: Readonly<Partial<Record<Kind, { label: string; help: string }>>> = {
  sqlite: { label: 'File', help: 'Such as /srv/app/data.sqlite.' },
  wordpress: { label: 'Folder', help: 'The one with wp-config.php. The database is read from it.' },
  laravel: { label: 'Folder', help: 'The one with .env and artisan. The database is read from it.' },
};

const list = (text: string): string[] | undefined => {
  const names = text.split(/[\n,]/).map((name) => name.trim()).filter((name) => name !== '');
  return names.length === 0 ? undefined : names;
};

interface Props {
  /** What was found, to begin with. */
  initial?: DatabaseSource | undefined;
  /** Ask for the server's password as well; it never goes to a hub. */
  withPassword: boolean;
  onCancel: () => void;
  /** @param password empty where none was given */
  onAdd: (source: DatabaseSource, password: string) => void | Promise<void>;
}

interface Words { kind: Kind; place: string; host: string; port: string; user: string; databases: string; leftOut: string; container: string; password: string }

function wordsOf(source: DatabaseSource | undefined): Words {
  const at = source !== undefined && 'host' in source ? source : undefined;
  return {
    kind: source?.type ?? 'postgresql', place: source === undefined ? '' : 'path' in source ? source.path : 'folder' in source ? source.folder : '',
    host: at?.host ?? 'localhost', port: at?.port === undefined ? '' : String(at.port), user: at?.user ?? '', databases: '', leftOut: '', password: '',
    container: source !== undefined && 'container' in source ? source.container ?? '' : '',
  };
}

/** @throws HoldfastError `usage` with what is missing */
function sourceOf(words: Words): DatabaseSource {
  const { container, databases, host, kind, leftOut, place, port, user } = words;
  const inside = container.trim() === '' ? {} : { container: container.trim() };
  const server = {
    type: kind, host: host.trim(), user: user.trim() || undefined, ...inside, ...(port.trim() === '' ? {} : { port: Number(port) }),
    ...(kind === 'mongodb' ? { database: databases.trim() || undefined } : kind === 'redis' ? {} : { databases: list(databases), excludeTables: list(leftOut) }),
  };
  const parsed = sourceSchema.safeParse(kind === 'sqlite' ? { type: kind, path: place.trim() } : kind in places ? { type: kind, folder: place.trim(), ...inside } : server);
  if (parsed.success && parsed.data.type !== 'files') return parsed.data;
  const issue = parsed.error?.issues[0];
  throw new HoldfastError('usage', `${issue?.path[0] === 'port' ? 'The port is a number from 1 to 65535' : issue?.message ?? 'Something is missing'}.`.replace(/^./, (first) => first.toUpperCase()));
}

export function SourceForm({ initial, withPassword, onCancel, onAdd }: Props): ReactElement {
  const [words, setWords] = useState(() => wordsOf(initial));
  const [error, setError] = useState<ErrorShape | null>(null);
  const [pending, setPending] = useState(false);
  const set = (name: keyof Words) => (value: string): void => setWords((old) => ({ ...old, [name]: value }));
  const { kind } = words;
  const place = places[kind];
  const add = async (): Promise<void> => {
    setPending(true);
    try {
      await onAdd(sourceOf(words), words.password);
    } catch (thrown) {
      setError(asHoldfastError(thrown).toShape());
      setPending(false);
    }
  };
  return (
    <div className="stack">
      <Select label="What" value={kind} onChange={set('kind')} options={kinds} />
      {place === undefined ? (
        <>
          <TextField label="Server" help="A name, an address, or the path of its socket." value={words.host} onChange={set('host')} />
          <TextField label="Port" help={`May be empty: then it is ${kind in defaultPorts ? defaultPorts[kind as keyof typeof defaultPorts] : ''}.`} value={words.port} onChange={set('port')} />
          <TextField label="User" help="One who may read all of it." value={words.user} onChange={set('user')} />
          {withPassword ? <TextField label="Server password" type="password" help="Kept on this computer and nowhere else. Leave it empty if the server asks for none." value={words.password} onChange={set('password')} /> : null}
          {kind === 'redis' ? null : <TextField label={kind === 'mongodb' ? 'Database' : 'Databases'} help={kind === 'mongodb' ? 'May be empty: then all are backed up.' : 'With commas between them. May be empty: then all are backed up.'} value={words.databases} onChange={set('databases')} />}
          {kind === 'postgresql' || kind === 'mysql' ? <TextField label="Leave out tables" help={kind === 'mysql' ? 'Such as shop.cache, with commas between them.' : 'Such as cache, with commas between them.'} value={words.leftOut} onChange={set('leftOut')} /> : null}
        </>
      ) : <TextField label={place.label} help={place.help} value={words.place} onChange={set('place')} />}
      {kind === 'sqlite' ? null : <TextField label="Container" help="Name of the Docker or podman container that runs the database. Usually empty." value={words.container} onChange={set('container')} />}
      <ErrorNotice error={error} />
      <div className="row row--end">
        <Button isDisabled={pending} onPress={onCancel}>Cancel</Button>
        <Button look="primary" isDisabled={pending} onPress={() => void add()}>Add</Button>
      </div>
    </div>
  );
}
