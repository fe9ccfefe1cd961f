/** Where the tools of a source run: on this computer, or in a container beside the server. */
import { spawn, type ChildProcessByStdio } from 'node:child_process';
import { access, constants, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { makePrivateFolder } from './private-folder.js';

/** Stands in a command's arguments for the path of its private file. */
export const privateFile = '{private file}';

export interface Command {
  readonly program: string;
  /** Seen by everyone who lists processes: never a secret. */
  readonly args: readonly string[];
  /** Added to the environment, which only the same user can see. */
  readonly env?: Readonly<Record<string, string>>;
  /** Content of a file that only the tool can read; `privateFile` among the arguments becomes its path. */
  readonly file?: string;
  /** Written to its standard input, which then stays open until the process ends. */
  readonly input?: string;
}

export interface StartedProcess {
  readonly child: ChildProcessByStdio<Writable | null, Readable, Readable>;
  /** Removes what was made for the process. Call it once the process has ended. */
  cleanUp(): Promise<void>;
}

export interface Host {
  /** The container's name; null on this computer. */
  readonly container: string | null;
  /** The first of the programs that is there, as something to run. */
  find(programs: readonly string[]): Promise<string | null>;
  start(command: Command): Promise<StartedProcess>;
}

/** Folders that a desktop's PATH often lacks. */
const usualFolders = ['/usr/local/bin', '/opt/homebrew/bin', '/usr/bin', '/bin', '/usr/sbin', '/opt/homebrew/opt/libpq/bin', '/usr/local/mysql/bin', '/opt/homebrew/opt/mysql-client/bin'];

async function isProgram(file: string): Promise<boolean> {
  return access(file, constants.X_OK).then(() => true, () => false);
}

/** This computer. @param env of this process: its PATH counts, and tools inherit it */
export function localHost(env: Readonly<Record<string, string | undefined>>): Host {
  const folders = [...(env['PATH'] ?? '').split(path.delimiter).filter((folder) => path.isAbsolute(folder)), ...usualFolders];
  return {
    container: null,
    async find(programs) {
      for (const program of programs) {
        if (path.isAbsolute(program)) {
          if (await isProgram(program)) return program;
          continue;
        }
        for (const folder of folders) {
          const file = path.join(folder, program);
          if (await isProgram(file)) return file;
        }
      }
      return null;
    },
    async start(command) {
      const folder = command.file === undefined ? null : await makePrivateFolder(env);
      const cleanUp = async (): Promise<void> => { if (folder !== null) await rm(folder, { recursive: true, force: true }); };
      try {
        const file = folder === null ? '' : path.join(folder, 'options');
        if (folder !== null) await writeFile(file, command.file ?? '', { mode: 0o600, flag: 'wx' });
        const args = command.args.map((argument) => argument.replace(privateFile, file));
        const options = { env: { ...env, LC_ALL: 'C', ...command.env } };
        if (command.input === undefined) return { child: spawn(command.program, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'] }), cleanUp };
        const child = spawn(command.program, args, { ...options, stdio: ['pipe', 'pipe', 'pipe'] });
        child.stdin.on('error', () => undefined); // it may end before it has read
        child.stdin.write(command.input);
        return { child, cleanUp };
      } catch (error) {
        await cleanUp();
        throw error;
      }
    },
  };
}

/**
 * Runs in the container: the lines of standard input that begin with `+` are the private file, a line `.` ends them. When standard input ends,
 * the tool is killed: ending `docker exec` on this side alone would leave it running.
 */
const wrapper = `exec 3<&0
file=
while IFS= read -r line <&3 && [ "$line" != . ]; do file="$file\${line#+}
"; done
"$@" 3<&- 4<<EOF &
$file
EOF
tool=$!
{ cat <&3; kill "$tool"; } >/dev/null 2>&1 &
watch=$!
wait "$tool"
code=$?
kill "$watch" 2>/dev/null
exit "$code"`;

/**
 * A container of Docker or podman. Its tools are those of the server's image, so they fit the server.
 * @param engine path of `docker` or `podman` @param container name or id
 */
export function containerHost(engine: string, container: string, local: Host): Host {
  const exec = (command: Command, script: readonly string[]): Command => ({
    program: engine,
    // `-e NAME` without a value takes it from the environment of the engine's command, so that no list of processes shows it
    args: ['exec', '-i', ...Object.keys(command.env ?? {}).flatMap((name) => ['-e', name]), '--', container, ...script],
    ...(command.env === undefined ? {} : { env: command.env }),
  });
  return {
    container,
    async find(programs) {
      for (const program of programs) {
        const { child, cleanUp } = await local.start(exec({ program, args: [] }, ['sh', '-c', 'command -v -- "$1"', 'sh', program]));
        child.stdout.resume();
        child.stderr.resume();
        const code = await new Promise<number | null>((resolve) => { child.once('error', () => { resolve(null); }).once('close', resolve); });
        await cleanUp();
        if (code === 0) return program;
      }
      return null;
    },
    start(command) {
      const inside = command.args.map((argument) => argument.replace(privateFile, '/dev/fd/4'));
      const file = (command.file ?? '').split('\n').map((line) => `+${line}\n`).join('');
      return local.start({ ...exec(command, ['sh', '-c', wrapper, 'sh', command.program, ...inside]), input: `${file}.\n` });
    },
  };
}
