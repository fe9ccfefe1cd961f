/** One finished run: a line with its sizes, and the whole story when opened. */
import type { ReactElement } from 'react';
import type { Run } from '../../../main/shared/model.js';
import { runOutcome } from '../../../main/shared/phrases.js';
import { bytesText, countText, durationText } from '../../../main/shared/text.js';
import { Disclosure } from '../../components/controls.js';
import { Icon } from '../../components/Icon.js';
import { Facts, Notice, runLooks } from '../../components/status.js';
import { momentText, wholeText } from '../app/times.js';

const triggers: Record<Run['trigger'], string> = {
  manual: 'By hand', schedule: 'By the schedule', 'catch-up': 'To catch up with the schedule', first: 'First backup',
};

export function RunRowHead(): ReactElement {
  return (
    <div className="run run--head" aria-hidden="true">
      <span>Finished</span><span>Result</span><span className="run__number run__optional">Read</span><span className="run__number run__optional">Stored</span><span className="run__number">Took</span>
    </div>
  );
}

function took(run: Run): string {
  if (run.result !== null) return durationText(run.result.durationMs);
  return run.startedAt === null || run.finishedAt === null ? '' : durationText(Date.parse(run.finishedAt) - Date.parse(run.startedAt));
}

export function RunRow({ run, now }: { run: Run; now: number }): ReactElement {
  const { tone, icon } = runLooks[run.state];
  const at = momentText(run.finishedAt ?? run.queuedAt, now);
  const { result } = run;
  return (
    <Disclosure
      level={3}
      label={`${runOutcome(run)} ${at}${result === null ? '' : `, ${bytesText(result.bytesProcessed)} read, ${bytesText(result.bytesStored)} stored`}`}
      summary={(
        <span className="run">
          <span>{at}</span>
          <span className={`run__state tone--${tone}`}><Icon name={icon} />{runOutcome(run)}</span>
          <span className="run__number run__optional">{result === null ? '' : bytesText(result.bytesProcessed)}</span>
          <span className="run__number run__optional">{result === null ? '' : bytesText(result.bytesStored)}</span>
          <span className="run__number">{took(run)}</span>
        </span>
      )}
    >
      <div className="run__details">
        {run.error === null ? null : <Notice tone={tone}>{run.error.message}</Notice>}
        <Facts rows={[
          ['Started', run.startedAt === null ? 'Never' : `${wholeText(run.startedAt)} (${triggers[run.trigger].toLowerCase()})`],
          ...(result === null ? [] : [
            ['Files', `${countText(result.filesNew, 'new', 'new')}, ${result.filesChanged.toLocaleString('en-US')} changed, ${result.filesUnmodified.toLocaleString('en-US')} unchanged`],
            ['Folders', `${countText(result.dirsNew, 'new', 'new')}, ${result.dirsChanged.toLocaleString('en-US')} changed, ${result.dirsUnmodified.toLocaleString('en-US')} unchanged`],
            ['Added', `${bytesText(result.bytesAdded)}, stored in ${bytesText(result.bytesStored)}`],
            ['Snapshot', <span key="snapshot" className="code">{result.snapshotId.slice(0, 8)}</span>],
          ] as const),
        ]} />
        {result?.warnings.map((warning) => <Notice key={warning} tone="due">{warning}</Notice>)}
        {result === null || result.unreadableCount === 0 ? null : (
          <Disclosure level={4} summary={`${countText(result.unreadableCount, 'file')} could not be read`}>
            <ul className="unreadable small" tabIndex={0} aria-label="Files that could not be read">
              {result.unreadable.map((file) => <li key={file.path}><span className="code">{file.path}</span><br /><span className="quiet">{file.message}</span></li>)}
              {result.unreadableCount > result.unreadable.length ? <li className="quiet">and {countText(result.unreadableCount - result.unreadable.length, 'more', 'more')}</li> : null}
            </ul>
          </Disclosure>
        )}
      </div>
    </Disclosure>
  );
}
