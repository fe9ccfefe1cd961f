import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import type { Notify } from '../../platform/service/systemd/notify.js';
import type { AgentControl, AgentState } from '../../shared/control.js';
import { HoldfastError } from '../../shared/errors.js';
import type { Register } from '../cli.js';
import { isWorking } from '../../shared/phrases.js';
import { untilAborted } from '../terminal/until-aborted.js';
import { readVersion } from '../version.js';

const options = z.object({ tokenFile: z.string().min(1).optional(), hub: z.string().optional(), fingerprint: z.string().optional() });

export const register: Register = (program, cli) => {
  program.command('agent').description('run the agent of this computer in the foreground')
    .option('--token-file <file>', 'a file with the agent token or link (else HOLDFAST_AGENT_TOKEN, agent.conf in the data folder, the keychain)')
    .option('--hub <url>', 'the address of the hub (else HOLDFAST_HUB, or the hub that was joined)')
    .option('--fingerprint <hex>', 'SHA-256 of its certificate, for a hub with a certificate of its own')
    .action(cli.action(options, async ({ options: given }) => {
      const { signal } = cli;
      const { restingCompilers } = await import('../../platform/engine/compilers.js');
      const compilers = restingCompilers(); // before the rest is loaded
      const [{ openHome }, { givenIdentity }, { localHub }, { printConnections }, { startAgent }, { consoleLine }, { startMeAgain, watchProgram, whetherReplaced }, { systemClock }, { openNotify }] = await Promise.all([
        import('../agent/open.js'), import('../agent/identity.js'), import('../agent/local-hub.js'), import('../agent/connection-lines.js'),
        import('../../platform/agent-host/agent-host.js'), import('../../platform/logging/logging.js'),
        import('../../platform/service/replaced.js'), import('../../platform/clock.js'), import('../../platform/service/systemd/notify.js'),
      ]);
      const { paths, settings } = await openHome(cli);
      const identity = await givenIdentity({ ...given, env: cli.env, agentConf: paths.agentConf, joined: settings.read().hub, localHub: () => localHub(paths) });
      if (identity === null && settings.read().hub === null) {
        throw new HoldfastError('token-unknown', 'This computer belongs to no hub yet. Join one with "holdfast join LINK", or give --token-file.');
      }
      const file = fileURLToPath(new URL('../holdfast.js', import.meta.url));
      const managed = cli.env['HOLDFAST_SERVICE'] === '1';
      const agent = await startAgent({
        paths, settings, env: cli.env, version: readVersion(), attach: false, givenIdentity: identity, compilers, ...(managed ? { replaced: await whetherReplaced(file) } : {}),
        sink: (entry) => { if (!cli.quiet && entry.level !== 'debug') cli.warn(cli.json ? JSON.stringify(entry) : consoleLine(entry)); },
      });
      const end = printConnections(cli, agent.control);
      const notify = await openNotify(cli.env);
      delete process.env['NOTIFY_SOCKET']; // it is not for what the agent starts
      const endNotes = tellManager(notify, agent.control);
      const replaced = new AbortController();
      const endWatch = await watchProgram({
        file, clock: systemClock,
        busy: async () => isWorking(await agent.control.call('state', {})),
        leave: () => {
          cli.warn(`Another version was installed in the place of this one. ${managed ? 'It starts now.' : 'Start this agent again to run it.'}`);
          if (managed) replaced.abort();
        },
      });
      await untilAborted(AbortSignal.any([signal, replaced.signal]));
      notify({ STOPPING: '1' });
      endWatch();
      endNotes();
      end();
      await agent.close();
      return replaced.signal.aborted && !signal.aborted ? startMeAgain : 0;
    }));
};

/** Says that the agent is ready, and from then on how it is whenever that changes. @returns a function that ends it */
function tellManager(notify: Notify, control: AgentControl): () => void {
  let said = '';
  const tell = ({ reason, status }: AgentState): void => {
    const text = `${status}: ${reason}`;
    if (text === said) return;
    notify({ READY: '1', STATUS: text });
    said = text;
  };
  const end = control.on('state', tell);
  void control.call('state', {}).then(tell, () => undefined);
  return end;
}
