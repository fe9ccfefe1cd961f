/** A dump of a database: into a server that a person names, or saved as a file. A database that is there is touched only when its name is typed again. */
import { useState, type ReactElement } from 'react';
import { Label, RadioGroup } from 'react-aria-components';
import type { Job } from '../../../main/shared/model.js';
import { baseName, dumpName, kindName, type DumpPlace } from '../../../main/shared/restore.js';
import { databaseTargetSchema } from '../../../main/shared/restores.js';
import { HoldfastError } from '../../../main/shared/errors.js';
import { useAction } from '../../components/action.js';
import { Button, Modal, RadioChoice, Switch, TextField } from '../../components/controls.js';
import { ErrorNotice } from '../../components/status.js';
import { useApi } from '../app/context.js';

interface Props {
  job: Job;
  snapshotId: string;
  path: string;
  place: DumpPlace;
  onClose: () => void;
  onBegun: () => void;
}

/** Kinds that a running server can load; the rest are files. */
const loadable = ['postgresql', 'mysql', 'mongodb'];

export function DatabaseDialog({ job, snapshotId, path, place, onClose, onBegun }: Props): ReactElement {
  const api = useApi();
  const action = useAction();
  const canLoad = loadable.includes(place.kind) && place.content === 'database';
  const wholeServer = place.kind === 'mongodb' && place.database === 'all';
  const source = job.sources.find((each) => each.type === place.kind && 'host' in each);
  const known = source !== undefined && 'host' in source ? source : null;
  const [where, setWhere] = useState<'server' | 'file'>(canLoad ? 'server' : 'file');
  const [file, setFile] = useState<string | null>(null);
  const [words, setWords] = useState({
    host: known?.host ?? 'localhost', port: known?.port === undefined ? '' : String(known.port), user: known?.user ?? '', password: '', database: wholeServer ? '' : `${place.database}_restored`, replace: '',
  });
  const [owners, setOwners] = useState(false);
  const set = (name: keyof typeof words) => (value: string): void => setWords((old) => ({ ...old, [name]: value }));
  const choose = async (): Promise<void> => {
    const chosen = await api.call('chooseDumpFile', { name: baseName(path) });
    if (chosen.path !== null) setFile(chosen.path);
  };
  const begin = async (): Promise<void> => {
    if (await action.run(() => api.call('restoreDatabase', { jobId: job.id, snapshotId, path, ...order() }))) onBegun();
  };
  const order = () => {
    const database = words.database.trim();
    const into = databaseTargetSchema.safeParse(where === 'file' ? { type: 'file', path: file } : {
      type: place.kind, host: words.host.trim(), user: words.user.trim() || undefined, ...(words.port.trim() === '' ? {} : { port: Number(words.port) }),
      ...(known?.container === undefined ? {} : { container: known.container }), ...(known === null ? {} : { tls: known.tls }),
      ...(database === '' ? {} : place.kind === 'mongodb' ? { database } : { databases: [database] }),
    });
    if (!into.success) throw new HoldfastError('usage', `${into.error.issues[0]?.path[0] === 'port' ? 'The port is a number from 1 to 65535' : into.error.issues[0]?.message ?? 'Something is missing'}.`.replace(/^./, (first) => first.toUpperCase()));
    // the system's dialog has asked already whether a file that is there may be replaced
    return { into: into.data, password: words.password === '' ? null : words.password, replace: where === 'file' ? file : words.replace.trim() || null, owners };
  };
  return (
    <Modal isOpen onClose={onClose} label={`Restore ${dumpName(place)}`}>
      <div className="stack">
        <h2>{dumpName(place)}</h2>
        {canLoad ? (
          <RadioGroup className="field" value={where} onChange={(value) => setWhere(value === 'file' ? 'file' : 'server')}>
            <Label className="field__label">Where to</Label>
            <div className="setup__list">
              <RadioChoice value="server" name={`Load it into ${kindName(place.kind)}`} />
              <RadioChoice value="file" name="Save it as a file" {...(file === null ? {} : { detail: file })} />
            </div>
          </RadioGroup>
        ) : <p>{place.content === 'roles' ? 'Users and their rights are for a whole server. Save them as a file, read it, and load what you want of it.' : place.kind === 'redis' ? 'Redis loads a copy when it starts. Save it as a file, and start a server with it.' : 'The database is a file of its own.'}</p>}
        {where === 'file' ? <div><Button onPress={() => void action.run(choose)}>{file === null ? 'Choose a file…' : 'Choose another file…'}</Button>{!canLoad && file !== null ? <p className="small selectable">{file}</p> : null}</div> : (
          <>
            <TextField label="Server" help="A name, an address, or the path of its socket." value={words.host} onChange={set('host')} />
            <TextField label="Port" help="May be empty: then it is the usual one." value={words.port} onChange={set('port')} />
            <TextField label="User" help="One who may make a database." value={words.user} onChange={set('user')} />
            <TextField label="Server password" type="password" help="May be empty: then the one that this computer keeps for that server is used." value={words.password} onChange={set('password')} />
            {wholeServer ? <p>This holds all databases of a server, and they keep their names.</p> : <TextField label="Database" help="A new one is made." value={words.database} onChange={set('database')} />}
            <TextField label="Replace it" help={place.kind === 'mongodb' ? `What is there cannot be seen from here. Type ${wholeServer ? 'all' : 'the name of the database'} again to load it in place of what may be there.` : 'Only if the database is there already: type its name again, and what is in it now is lost.'} value={words.replace} onChange={set('replace')} />
            {place.kind === 'postgresql' ? <Switch isSelected={owners} onChange={setOwners}>Give everything to the roles it belonged to; they must be there</Switch> : null}
          </>
        )}
        <ErrorNotice error={action.error} />
        <div className="row row--end">
          <Button onPress={onClose}>Cancel</Button>
          <Button look="primary" isDisabled={action.pending || (where === 'file' && file === null)} onPress={() => void begin()}>{where === 'file' ? 'Save' : 'Load'}</Button>
        </div>
      </div>
    </Modal>
  );
}
