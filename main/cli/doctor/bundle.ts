/** One file that somebody can send to whoever helps them. Everything in it goes through the same filter as the logs. */
import { readdir, readFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { asHoldfastError } from '../../shared/errors.js';
import { writeFileAtomic } from '../../platform/files/atomic.js';
import { redact } from '../../platform/logging/redact.js';
import type { Cli } from '../cli.js';
import { cliPaths } from '../places.js';
import { readVersion } from '../version.js';
import type { Finding } from './examine.js';
import { cliService } from '../service.js';

/** Of each log, bytes from its end: two weeks of an ordinary computer. */
const logTail = 512 * 1024;
const serviceLines = 500;

export async function writeBundle(cli: Cli, file: string, findings: readonly Finding[]): Promise<void> {
  const paths = cliPaths(cli);
  const service = cliService(cli);
  const text = async (work: () => Promise<string>): Promise<string> => work().catch((thrown: unknown) => `(${asHoldfastError(thrown).message})`);
  const sections: [string, string][] = [
    ['Holdfast', `${readVersion()}, Node ${process.versions.node}, ${os.type()} ${os.release()} ${process.arch}, ${os.cpus().length} processors, ${Math.round(os.totalmem() / 2 ** 20)} MiB`],
    ['Findings', findings.map(({ ok, text: said, what }) => `${ok ? 'ok     ' : 'PROBLEM'}  ${what}: ${said}`).join('\n')],
    ['Settings', await text(() => readFile(paths.settingsFile, 'utf8'))],
    ['Jobs', await text(() => readFile(paths.jobsFile, 'utf8'))],
    ['Service', await text(async () => JSON.stringify(await service.status(), null, 2))],
    ['Output of the service', await text(async () => (await service.logs(serviceLines)).join('\n'))],
  ];
  for (const name of await readdir(paths.logFolder).catch(() => [])) {
    sections.push([`Log ${name}`, await text(async () => (await readFile(path.join(paths.logFolder, name))).subarray(-logTail).toString('utf8'))]);
  }
  await writeFileAtomic(file, redact(sections.map(([title, content]) => `== ${title} ==\n${content.trimEnd()}\n`).join('\n')));
}
