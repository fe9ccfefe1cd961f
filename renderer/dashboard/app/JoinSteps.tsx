/** What to do on the computer that shall join, by its operating system and architecture. */
import { useState, type ReactElement } from 'react';
import { Select } from '../../components/controls.js';
import { CopyBox } from './parts.js';
import { useSession } from './context.js';

const systems = [{ id: 'deb', name: 'Debian, Ubuntu' }, { id: 'rpm', name: 'Fedora, openSUSE' }, { id: 'mac', name: 'macOS' }] as const;
const architectures = [{ id: 'x64', name: 'Intel or AMD (x64)' }, { id: 'arm64', name: 'ARM (arm64)' }] as const;
type System = (typeof systems)[number]['id'];
type Architecture = (typeof architectures)[number]['id'];

/** Every kind of package has its own word for it. */
const packageArchitecture: Record<System, Record<Architecture, string>> = {
  deb: { x64: 'amd64', arm64: 'arm64' }, rpm: { x64: 'x86_64', arm64: 'aarch64' }, mac: { x64: 'x64', arm64: 'arm64' },
};

/** @param command the line that installs without root and joins at once; null for a link that is not a setup link. */
export function JoinSteps({ command, link }: { command: string | null; link: string }): ReactElement {
  const { version } = useSession().hub;
  const [system, setSystem] = useState<System>('deb');
  const [architecture, setArchitecture] = useState<Architecture>('x64');
  const file = `holdfast-${version}-${system === 'mac' ? 'mac' : 'linux'}-${packageArchitecture[system][architecture]}.${system === 'mac' ? 'dmg' : system}`;
  return (
    <div className="stack">
      {command === null ? null : (
        <>
          <CopyBox label="On a Mac or Linux computer with Node.js, in a terminal: installs, joins and keeps the agent running" text={command} />
          <p className="quiet">Or step by step, with the app:</p>
        </>
      )}
      <div className="row">
        <Select label="Operating system" value={system} onChange={setSystem} options={systems} />
        <Select label="Architecture" value={architecture} onChange={setArchitecture} options={architectures} />
      </div>
      {system === 'mac'
        ? <p>1. Open <span className="code">{file}</span> on that Mac, move Holdfast to Applications and start it.</p>
        : <CopyBox label="1. Install Holdfast from its package" text={system === 'deb' ? `sudo apt install ./${file}` : `sudo dnf install ./${file}`} />}
      <CopyBox label={system === 'mac' ? '2. Paste this link in the app, under Connection' : '2. Join this hub with a command (or paste the link in it in the app, under Connection)'} text={system === 'mac' ? link : `holdfast join '${link}'`} />
      {command === null ? null : <p className="small quiet">What a job shall read waits for a yes on that computer. To say yes to a folder at once, add <span className="code">--allow /its/folder</span> at the end of either line, as often as there are folders.</p>}
      {system === 'mac' ? null : <CopyBox label="3. Keep the agent running" text="holdfast service install" />}
    </div>
  );
}
