/** Logs: what the agent does, as it does it. */
import { useCallback, useEffect, useLayoutEffect, useMemo, useRef, useState, type ReactElement } from 'react';
import { ToggleButton, ToggleButtonGroup } from 'react-aria-components';
import { logLevels, type LogEntry, type LogLevel } from '../../../main/shared/model.js';
import { countText } from '../../../main/shared/text.js';
import { Button, Switch } from '../../components/controls.js';
import { Icon } from '../../components/Icon.js';
import { Empty, ErrorNotice, type Tone } from '../../components/status.js';
import { useAction } from '../../components/action.js';
import { useApi } from '../app/context.js';
import { linesKept, mergeLogs } from '../app/log-lines.js';
import { clockText, wholeText } from '../app/times.js';

const levelNames: Record<LogLevel, string> = { debug: 'All', info: 'Information', warn: 'Warnings', error: 'Errors' };
const levelWords: Record<LogLevel, string> = { debug: 'debug', info: 'info', warn: 'warning', error: 'error' };
const levelTones: Record<LogLevel, Tone> = { debug: 'calm', info: 'calm', warn: 'due', error: 'bad' };

export function Logs(): ReactElement {
  const api = useApi();
  const loading = useAction();
  const copying = useAction();
  const { run } = loading;
  const [entries, setEntries] = useState<LogEntry[]>([]);
  const [level, setLevel] = useState<LogLevel>('info');
  const [follow, setFollow] = useState(true);
  const [copied, setCopied] = useState(0);
  const box = useRef<HTMLDivElement>(null);

  useEffect(() => {
    const end = api.on('log', (entry) => setEntries((old) => mergeLogs(old, [entry])));
    void run(async () => {
      const { entries: read } = await api.call('logs', { limit: linesKept });
      setEntries((old) => mergeLogs(old, read));
    });
    return end;
  }, [api, run]);

  const shown = useMemo(() => entries.filter((entry) => logLevels.indexOf(entry.level) >= logLevels.indexOf(level)), [entries, level]);

  useLayoutEffect(() => {
    if (follow && box.current !== null) box.current.scrollTop = box.current.scrollHeight;
  }, [shown, follow]);

  /** Scrolling up means reading: lines must not run away then. At the end, follow again. */
  const onScroll = useCallback(() => {
    const element = box.current;
    if (element !== null) setFollow(element.scrollHeight - element.scrollTop - element.clientHeight < 24);
  }, []);

  const copy = (): void => void copying.run(async () => {
    await api.call('copyText', { text: shown.map((entry) => `${entry.at} ${entry.level.padEnd(5)} ${entry.message}`).join('\n') });
    setCopied(shown.length);
  });

  return (
    <>
      <div className="place__head" style={{ marginBottom: 'var(--space-4)' }}><h1>Logs</h1></div>
      <div className="logbar">
        <ToggleButtonGroup
          className="toggles" aria-label="Show" selectionMode="single" disallowEmptySelection selectedKeys={[level]}
          onSelectionChange={(keys) => setLevel(logLevels.find((each) => keys.has(each)) ?? 'info')}
        >
          {logLevels.map((each) => <ToggleButton key={each} id={each} className="toggle">{levelNames[each]}</ToggleButton>)}
        </ToggleButtonGroup>
        <Switch isSelected={follow} onChange={setFollow}>Follow</Switch>
        <span className="push row">
          <span className="small quiet" role="status">{copied === 0 ? '' : `${countText(copied, 'line')} copied`}</span>
          <Button isDisabled={shown.length === 0} onPress={copy}><Icon name="copy" />Copy</Button>
        </span>
      </div>
      <ErrorNotice error={loading.error ?? copying.error} />
      <div className="log" ref={box} onScroll={onScroll} role="log" aria-live="off" aria-label="Log lines" tabIndex={0}>
        {shown.length === 0
          ? <Empty icon="logs" title="Nothing to show"><p>{level === 'info' || level === 'debug' ? 'Lines appear here as soon as the agent does something.' : 'There is no line of this kind. Choose All to see everything.'}</p></Empty>
          : shown.map((entry) => (
            <div key={entry.seq} className={`log__line tone--${levelTones[entry.level]}`}>
              <time className="log__time" dateTime={entry.at} title={wholeText(entry.at)}>{clockText(entry.at)}</time>
              <span className="log__level">{levelWords[entry.level]}</span>
              <span className="log__message">{entry.message}</span>
            </div>
          ))}
      </div>
    </>
  );
}
