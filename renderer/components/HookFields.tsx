/** Programs that run around a backup, as the forms of the app and of the dashboard ask for them. */
import { useState, type ReactElement } from 'react';
import type { Hooks } from '../../main/shared/model.js';
import { TextField } from './controls.js';

export interface HookTexts {
  readonly pre: string;
  readonly post: string;
  readonly onFailure: string;
  readonly minutes: string;
}

/** What is typed, and the hooks it means; those are checked with the rest of the job. */
export function useHooks(hooks: Hooks): { texts: HookTexts; setTexts: (texts: HookTexts) => void; hooks: () => Hooks } {
  const [texts, setTexts] = useState<HookTexts>({
    pre: hooks.pre ?? '', post: hooks.post ?? '', onFailure: hooks.onFailure ?? '', minutes: hooks.timeLimitMinutes === undefined ? '' : String(hooks.timeLimitMinutes),
  });
  return { texts, setTexts, hooks: () => hooksOf(texts) };
}

export function hooksOf({ minutes, onFailure, post, pre }: HookTexts): Hooks {
  const path = (text: string): string | undefined => text.trim() || undefined;
  return { pre: path(pre), post: path(post), onFailure: path(onFailure), timeLimitMinutes: minutes.trim() === '' ? undefined : Number(minutes) };
}

export function HookFields({ texts, onChange, where }: { texts: HookTexts; onChange: (texts: HookTexts) => void; /** "this computer", "that computer". */ where: string }): ReactElement {
  const set = (name: keyof HookTexts) => (text: string): void => onChange({ ...texts, [name]: text });
  return (
    <div className="stack" role="group" aria-label="Programs around the backup">
      <p><span className="field__label">Programs around the backup</span></p>
      <p className="small quiet">Paths of executable scripts or programs on {where}. Each runs only once its content was allowed there. May be empty.</p>
      <TextField label="Before the backup" help="When it fails, the run fails and nothing is backed up." value={texts.pre} onChange={set('pre')} />
      <TextField label="At the end of the run" help="Runs whatever happened; when it fails, the run has warnings." value={texts.post} onChange={set('post')} />
      <TextField label="After a failure" value={texts.onFailure} onChange={set('onFailure')} />
      <TextField label="Time limit for each, in minutes" help="5 when empty." value={texts.minutes} onChange={set('minutes')} />
    </div>
  );
}
