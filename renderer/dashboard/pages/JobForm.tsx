/** A job as a person writes it. What this form does not show of a job, it leaves as it is. */
import { useState, type ReactElement } from 'react';
import { HoldfastError } from '../../../main/shared/errors.js';
import { jobDraftSchema, type Job, type JobDraft, type Schedule, type Source } from '../../../main/shared/model.js';
import { sourceText } from '../../../main/shared/sources.js';
import { hubStorageDestination, isHubStorage } from '../../../main/shared/protocol/storage.js';
import { Button, Select, TextField } from '../../components/controls.js';
import { HookFields, useHooks } from '../../components/HookFields.js';
import { SourceForm } from '../../components/SourceForm.js';
import { useApi, useFresh } from '../app/context.js';
import { FormDialog } from '../app/parts.js';

const kinds = [{ id: 'times', name: 'At times of day' }, { id: 'every', name: 'Every so many hours' }, { id: 'cron', name: 'By a cron rule' }, { id: 'manual', name: 'Only by hand' }] as const;
type Kind = (typeof kinds)[number]['id'];

interface Props {
  job: Job | null;
  agents: readonly { id: string; name: string }[];
  onClose: () => void;
  onDone: () => void;
}

const lines = (text: string): string[] => text.split('\n').map((line) => line.trim()).filter((line) => line !== '');
const number = (text: string): number | undefined => (text.trim() === '' ? undefined : Number(text));
const shown = (value: number | undefined): string => (value === undefined ? '' : String(value));

export function JobForm({ job, agents, onClose, onDone }: Props): ReactElement {
  const api = useApi();
  const storage = useFresh('storage', {}, 60_000);
  const source = job?.sources.find((each) => each.type === 'files');
  const [others, setOthers] = useState<readonly Source[]>(() => job?.sources.filter((each) => each !== source) ?? []);
  const [adding, setAdding] = useState(false);
  const old = job?.schedule;
  const [agentId, setAgentId] = useState(job?.agentId ?? agents[0]?.id ?? '');
  const [name, setName] = useState(job?.name ?? '');
  const [paths, setPaths] = useState(source?.paths.join('\n') ?? '');
  const [excludes, setExcludes] = useState(source?.excludes.join('\n') ?? '');
  const [place, setPlace] = useState(job?.destination.name ?? '');
  const [url, setUrl] = useState(job?.destination.url ?? '');
  const [copies, setCopies] = useState(job?.copies.map((copy) => copy.url).join('\n') ?? '');
  const [kind, setKind] = useState<Kind>(old?.type ?? 'times');
  const [times, setTimes] = useState(old?.type === 'times' ? old.times.join(', ') : '12:30');
  const [hours, setHours] = useState(old?.type === 'every' ? String(old.minutes / 60) : '4');
  const [cron, setCron] = useState(old?.type === 'cron' ? old.expression : '30 12 * * 1-5');
  const { hooks, setTexts, texts } = useHooks(job?.hooks ?? {});
  const [daily, setDaily] = useState(shown(job === null ? 14 : job.retention.keepDaily));
  const [weekly, setWeekly] = useState(shown(job === null ? 8 : job.retention.keepWeekly));
  const [monthly, setMonthly] = useState(shown(job === null ? 12 : job.retention.keepMonthly));

  const schedule = (): Schedule => {
    switch (kind) {
      case 'manual': return { type: 'manual' };
      case 'every': return { type: 'every', minutes: Math.round(Number(hours) * 60) };
      case 'times': return { ...(old?.type === 'times' ? old : {}), type: 'times', times: times.split(/[\s,]+/).filter(Boolean) };
      case 'cron': return { ...(old?.type === 'cron' ? old : {}), type: 'cron', expression: cron.trim() };
    }
  };
  const draft = (): JobDraft => {
    const parsed = jobDraftSchema.safeParse({
      ...job, name,
      sources: [
        ...(lines(paths).length === 0 && others.length > 0 ? [] : [{ type: 'files', paths: lines(paths), excludes: lines(excludes) }]),
        ...others,
      ],
      // Another place is another destination: its password is another one.
      destination: isHubStorage(url.trim()) ? { ...hubStorageDestination } : { id: job !== null && job.destination.url === url.trim() ? job.destination.id : crypto.randomUUID(), name: place.trim() || url.trim(), url: url.trim() },
      copies: lines(copies).map((each) => (isHubStorage(each) ? { ...hubStorageDestination } : job?.copies.find((copy) => copy.url === each) ?? { id: crypto.randomUUID(), name: each.slice(0, 120), url: each })),
      schedule: schedule(),
      hooks: hooks(),
      retention: { ...job?.retention, keepDaily: number(daily), keepWeekly: number(weekly), keepMonthly: number(monthly) },
    });
    if (parsed.success) return parsed.data;
    const issue = parsed.error.issues[0];
    throw new HoldfastError('usage', `${fieldNames[String(issue?.path[0])] ?? 'The job'}: ${issue?.message ?? 'not right'}.`);
  };
  const work = async (): Promise<void> => {
    if (job === null) await api.call('createJob', { agentId, draft: draft() });
    else await api.call('updateJob', { id: job.id, draft: draft() });
    onDone();
  };
  return (
    <FormDialog title={job === null ? 'New job' : `Edit "${job.name}"`} doIt={job === null ? 'Create job' : 'Save'} wide onClose={onClose} work={work}>
      <TextField label="Name" value={name} onChange={setName} />
      {job === null ? <Select label="Computer" value={agentId} onChange={setAgentId} options={agents} /> : null}
      <TextField label="Folders" multiline help="One on each line, such as /home/anna/Documents." value={paths} onChange={setPaths} />
      <TextField label="Leave out" multiline help="Patterns as restic knows them, one on each line. May be empty." value={excludes} onChange={setExcludes} />
      <fieldset className="fieldset">
        <legend className="field__label">Databases and sites</legend>
        {others.map((each) => (
          <div className="row" key={sourceText(each)}>
            <span className="selectable" style={{ overflowWrap: 'anywhere' }}>{sourceText(each)}</span>
            <span className="push"><Button look="quiet" aria-label={`Remove ${sourceText(each)}`} onPress={() => setOthers(others.filter((other) => other !== each))}>Remove</Button></span>
          </div>
        ))}
        {adding ? (
          <SourceForm
            withPassword={false} onCancel={() => setAdding(false)}
            onAdd={(added) => {
              setOthers([...others.filter((each) => sourceText(each) !== sourceText(added)), added]);
              setAdding(false);
            }}
          />
        ) : <div className="row"><Button onPress={() => setAdding(true)}>Add a database or site…</Button></div>}
        <p className="small quiet">The password of a server never comes to the hub. It is given on the computer itself, with holdfast secret set.</p>
      </fieldset>
      <div className="columns">
        <TextField label="Destination" help="Where the backup lives: a path, or an s3:, sftp: or rest: address." value={url} onChange={setUrl} />
        <TextField label="What to call it" value={place} onChange={setPlace} />
      </div>
      {storage.data?.settings.offered === true && !isHubStorage(url) ? <div className="row"><Button onPress={() => { setUrl(hubStorageDestination.url); setPlace(hubStorageDestination.name); }}>Use hub storage</Button><span className="small quiet">Keeps the backup on this hub; nothing else is needed.</span></div> : null}
      {isHubStorage(url) ? <p className="small quiet">The backup is kept on this hub. Old snapshots are removed there, by the hub's owner: the rules below do not apply.</p> : null}
      <TextField label="Copies" multiline help="Other places that get a copy of each backup, an address on each line. May be empty." value={copies} onChange={setCopies} />
      <Select label="When" value={kind} onChange={setKind} options={kinds} />
      {kind === 'times' ? <TextField label="Times" help="In the computer's own time zone, such as 12:30, 18:00." value={times} onChange={setTimes} /> : null}
      {kind === 'every' ? <TextField label="Hours between two runs" value={hours} onChange={setHours} /> : null}
      {kind === 'cron' ? <TextField label="Cron rule" help="Minute, hour, day, month, weekday." value={cron} onChange={setCron} /> : null}
      <fieldset className="fieldset">
        <legend className="field__label">Keep one snapshot for each of the last</legend>
        <div className="columns">
          <TextField label="Days" value={daily} onChange={setDaily} />
          <TextField label="Weeks" value={weekly} onChange={setWeekly} />
          <TextField label="Months" value={monthly} onChange={setMonthly} />
        </div>
      </fieldset>
      <HookFields texts={texts} onChange={setTexts} where="that computer" />
      <p className="small quiet">Unless the hub is run by the same person on the same computer, what a job reads waits for a yes there before it first runs; programs always do.</p>
      <p className="small quiet">The password of a destination is made on the computer and never comes to the hub. Scheduled backups begin once its recovery kit was saved there.</p>
    </FormDialog>
  );
}

const fieldNames: Record<string, string> = { name: 'Name', sources: 'Folders', destination: 'Destination', copies: 'Copies', schedule: 'When', retention: 'Keep', hooks: 'Programs' };
