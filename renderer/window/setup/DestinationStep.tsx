/** Step 2: where the repository goes. Attached disks come first; what speaks against a place is said before it is taken. */
import { useEffect, useState, type ReactElement } from 'react';
import { RadioGroup } from 'react-aria-components';
import type { JobView } from '../../../main/shared/control.js';
import { HoldfastError } from '../../../main/shared/errors.js';
import type { Place } from '../../../main/shared/ipc.js';
import { hubStorageDestination, isHubStorage } from '../../../main/shared/protocol/storage.js';
import { bytesText } from '../../../main/shared/text.js';
import { Button, RadioChoice, Select, TextField } from '../../components/controls.js';
import { Icon } from '../../components/Icon.js';
import { ErrorNotice, Notice } from '../../components/status.js';
import { useAction } from '../../components/action.js';
import { useApi } from '../app/context.js';
import { frequencies, type Frequency } from './draft.js';
import { RemoteDialog } from './RemoteDialog.js';
import { Step } from './Step.js';

interface DestinationStepProps {
  folders: readonly string[];
  jobs: readonly JobView[];
  /** Where this computer keeps secrets. */
  keptIn: string;
  onBack: () => void;
  onNext: (choice: { place: Place; excludes: readonly string[]; frequency: Frequency }) => void;
}

/** Repositories that other jobs use already are offered too, under the id that their password is stored by. */
const knownPlaces = (jobs: readonly JobView[]): Place[] =>
  jobs.filter(({ job }) => !isHubStorage(job.destination.url))
    .map(({ job: { destination } }) => ({ destinationId: destination.id, path: destination.url, name: destination.name, kind: 'folder', freeBytes: null }));

const hubStorage: Place = { destinationId: hubStorageDestination.id, path: hubStorageDestination.url, name: hubStorageDestination.name, kind: 'folder', freeBytes: null };

const uniqueByPath = (places: readonly Place[]): Place[] => [...new Map([...places].reverse().map((place) => [place.path, place])).values()].reverse();

export function DestinationStep({ folders, jobs, keptIn, onBack, onNext }: DestinationStepProps): ReactElement {
  const api = useApi();
  const loading = useAction();
  const preparing = useAction();
  const { run } = loading;
  const [places, setPlaces] = useState<Place[]>([]);
  const [path, setPath] = useState<string | null>(null);
  const [judged, setJudged] = useState<{ path: string; warnings: string[]; excludes: string[] } | null>(null);
  const [frequency, setFrequency] = useState<Frequency>('day');
  const [password, setPassword] = useState<string | null>(null);
  const [adding, setAdding] = useState(false);
  const [known] = useState(() => knownPlaces(jobs));
  const place = places.find((each) => each.path === path) ?? null;

  useEffect(() => {
    void run(async () => {
      const [{ places: suggested }, offers] = await Promise.all([api.call('suggestDestinations', {}), api.call('hubOffers', {})]);
      const offered = uniqueByPath([...known, ...suggested, ...(offers.storage ? [hubStorage] : [])]);
      setPlaces(offered);
      setPath((old) => old ?? offered[0]?.path ?? null);
    });
  }, [api, run, known]);

  useEffect(() => {
    if (path === null) return;
    void run(async () => setJudged({ path, ...path.startsWith('/') ? await api.call('judgeDestination', { path, sources: [...folders] }) : { warnings: [], excludes: [] } }));
  }, [api, run, path, folders]);

  const select = (chosen: string): void => {
    setPath(chosen);
    setPassword(null);
  };
  const add = (chosen: Place): void => {
    setPlaces((old) => uniqueByPath([...old, chosen]));
    select(chosen.path);
  };
  const choose = async (): Promise<void> => {
    const { place: chosen } = await api.call('chooseDestination', {});
    if (chosen !== null) add(chosen);
  };
  const proceed = async (): Promise<void> => {
    if (place === null || judged?.path !== place.path) return;
    try {
      await api.call('prepareDestination', { destination: { id: place.destinationId, name: place.name, url: place.path }, password: password === '' ? null : password });
    } catch (thrown) {
      if (thrown instanceof HoldfastError && (thrown.code === 'password-missing' || thrown.code === 'wrong-password')) setPassword((old) => old ?? '');
      throw thrown;
    }
    onNext({ place, excludes: judged.excludes, frequency });
  };

  return (
    <Step
      title="Where should the backup go?"
      lead="A disk that you can take away protects you best. Everything is encrypted before it is written."
      foot={(
        <>
          <Button onPress={onBack}>Back</Button>
          <span className="push">
            <Button look="primary" large isDisabled={place === null || judged?.path !== path || preparing.pending} onPress={() => void preparing.run(proceed)}>
              {preparing.pending ? 'Preparing…' : 'Continue'}
            </Button>
          </span>
        </>
      )}
    >
      <RadioGroup className="setup__list" aria-label="Destination" value={path} onChange={select}>
        {places.map((each) => (
          <RadioChoice key={each.path} value={each.path} name={each.name} detail={isHubStorage(each.path) ? 'On the hub of this computer; nothing else is needed' : each.path} aside={each.freeBytes === null ? null : `${bytesText(each.freeBytes)} free`} />
        ))}
      </RadioGroup>
      <div className="row">
        <Button isDisabled={loading.pending} onPress={() => void preparing.run(choose)}><Icon name="folder" />Choose another folder…</Button>
        <Button onPress={() => setAdding(true)}>Use a server or cloud storage…</Button>
        <span className="push"><Select label="How often" value={frequency} onChange={setFrequency} options={frequencies} /></span>
      </div>
      {judged?.path === path ? judged?.warnings.map((warning) => <Notice key={warning} tone="due">{warning}</Notice>) : null}
      {adding ? (
        <RemoteDialog
          known={known} keptIn={keptIn}
          onClose={() => setAdding(false)}
          onAdd={(place) => {
            add(place);
            setAdding(false);
          }}
        />
      ) : null}
      <ErrorNotice error={loading.error ?? preparing.error} />
      {password === null ? null : (
        <TextField label="Password of the repository there" type="password" value={password} onChange={setPassword} help="It is in the recovery kit of the computer that made it." />
      )}
    </Step>
  );
}
