import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { renderPlist } from '../../../main/platform/service/launchd/render.js';
import { hostileValues } from '../../helpers/hostile-values.js';
import { runOk } from '../../helpers/processes.js';
import { tempFolder } from '../../helpers/temp.js';

/** Apple's format as Python reads it: strict, and independent of us. */
async function parsed(plists: readonly string[]): Promise<unknown[]> {
  const folder = tempFolder();
  const files = plists.map((text, index) => {
    const file = path.join(folder, `${index}.plist`);
    writeFileSync(file, text);
    return file;
  });
  const script = 'import json, plistlib, sys\nprint(json.dumps([plistlib.load(open(name, "rb")) for name in sys.argv[1:]]))';
  return JSON.parse(await runOk('python3', ['-c', script, ...files])) as unknown[];
}

test('a property list says the same after parsing, for twenty hostile settings in both variants', async () => {
  const settings = hostileValues.flatMap((value, index) => (['headless', 'graphical'] as const).map((variant) => ({
    label: `io.holdfast.agent.${index}`,
    logFile: `/Users/${value}/Library/Logs/Holdfast/service.log`,
    program: { command: [`/Applications/${value}/Holdfast`, value, '--background'] as [string, ...string[]], environment: { HOLDFAST_DATA: `/Volumes/${value}` }, variant },
  })));
  expect(await parsed(settings.map(renderPlist))).toEqual(settings.map(({ label, logFile, program }) => ({
    Label: label,
    ProgramArguments: program.command,
    EnvironmentVariables: program.environment,
    RunAtLoad: true,
    KeepAlive: { SuccessfulExit: false },
    ThrottleInterval: 10,
    ProcessType: 'Background',
    LimitLoadToSessionType: program.variant === 'graphical' ? 'Aqua' : ['Aqua', 'Background'],
    ExitTimeOut: 30,
    Umask: 0o077,
    StandardOutPath: logFile,
    StandardErrorPath: logFile,
  })));
});

test('without variables there is no empty dictionary, and no name with a line break', async () => {
  const plist = (environment: Record<string, string>): string => renderPlist({ label: 'l', logFile: '/l', program: { command: ['/x'], environment, variant: 'headless' } });
  expect((await parsed([plist({})]))[0]).not.toHaveProperty('EnvironmentVariables');
  expect(() => plist({ HOLDFAST_DATA: 'a\nb' })).toThrow(/rename it\.$/);
});
