/** What the hub wants of this computer and waits for: its owner says yes or no here. */
import type { ReactElement } from 'react';
import { wishText, type Consent, type ConsentQuestion } from '../../../main/shared/consent.js';
import { countText } from '../../../main/shared/text.js';
import { Button } from '../../components/controls.js';
import { ErrorNotice } from '../../components/status.js';
import { useAction } from '../../components/action.js';
import { useApi } from '../app/context.js';

export function ConsentCard({ consent: { moreWaiting, waiting }, hubName }: { consent: Consent; hubName: string | null }): ReactElement | null {
  const api = useApi();
  const action = useAction();
  if (waiting.length === 0) return null;
  const answer = (ids: readonly string[], how: 'allow' | 'refuse'): void => void action.run(() => api.call('answerConsent', { ids: [...ids], answer: how }));
  return (
    <section className="card stack" aria-label="Waiting for your answer">
      <div>
        <h2>{hubName === null ? 'Your hub' : `The hub ${hubName}`} waits for your answer</h2>
        <p className="quiet">Nothing of this is done before you allow it. Allow only what you expect; ask whoever runs the hub when in doubt.</p>
      </div>
      <ErrorNotice error={action.error} />
      <ul className="consent">
        {waiting.map((question) => (
          <li key={question.id} className="consent__question">
            <div className="consent__words">
              <p>It wants to {wishText(question)}</p>
              <p className="small quiet">{forJobs(question)}{question.detail === '' ? '' : ` ${question.detail}`}</p>
            </div>
            <div className="row">
              <Button isDisabled={action.pending} aria-label={`Refuse to ${wishText(question)}`} onPress={() => answer([question.id], 'refuse')}>Refuse</Button>
              <Button look="primary" isDisabled={action.pending} aria-label={`Allow to ${wishText(question)}`} onPress={() => answer([question.id], 'allow')}>Allow</Button>
            </div>
          </li>
        ))}
      </ul>
      {moreWaiting === 0 ? null : <p className="quiet">And {countText(moreWaiting, 'more question')}. They are shown once these are answered.</p>}
      {waiting.length < 2 ? null : <div className="row row--end"><Button isDisabled={action.pending} onPress={() => answer(waiting.map(({ id }) => id), 'allow')}>Allow all of these</Button></div>}
    </section>
  );
}

/** `For the job "Documents".` */
function forJobs({ jobs }: ConsentQuestion): string {
  const names = jobs.slice(0, 3).map(({ name }) => `"${name}"`).join(', ');
  return `For ${jobs.length === 1 ? 'the job' : 'the jobs'} ${names}${jobs.length > 3 ? ` and ${jobs.length - 3} more` : ''}.`;
}
