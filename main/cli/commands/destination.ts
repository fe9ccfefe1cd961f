import { z } from 'zod';
import { parseSettings, settingQuestions } from '../../backup/destination/settings.js';
import { destinationsOf } from '../../shared/copies.js';
import { HoldfastError } from '../../shared/errors.js';
import type { Destination } from '../../shared/model.js';
import { withAgent } from '../agent/control.js';
import type { Cli, Register } from '../cli.js';
import { destinationId } from '../hub/job-draft.js';
import { openPlaces } from '../places.js';
import { settingsFromFile } from '../repository/access.js';
import { askPassword, canAsk } from '../terminal/prompt.js';

type Where = Pick<Destination, 'id' | 'url'>;
const fileOption = z.object({ file: z.string().min(1).optional() });

/** More are no keys. */
const mostBytes = 65_536;

/** By a destination's id or its address; an address that no job has yet is one that a job may get. @throws HoldfastError `not-found`. */
function whereOf(text: string, known: readonly Where[]): Where {
  const found = known.find(({ id, url }) => id === text || url === text);
  if (found !== undefined) return { id: found.id, url: found.url };
  if (/^[a-z0-9]+:/.test(text)) return { id: destinationId(text), url: text };
  throw new HoldfastError('not-found', `No job of this computer has a destination "${text}". Give its id as "holdfast destination list" shows it, or its address.`);
}

/** From a file, else asked on the terminal without echo, else from standard input. */
async function settings(cli: Cli, url: string, file: string | undefined): Promise<Record<string, string>> {
  const questions = settingQuestions(url);
  if (file !== undefined) return settingsFromFile(file);
  if (canAsk(cli)) {
    const answers: Record<string, string> = {};
    for (const { label, name } of questions) {
      const answer = await askPassword(cli, `${label}: `);
      if (answer !== '') answers[name] = answer;
    }
    return answers;
  }
  let text = '';
  for await (const piece of cli.process.stdin.setEncoding('utf8')) {
    text += String(piece);
    if (text.length > mostBytes) throw new HoldfastError('usage', 'That is too long for the keys of a destination.');
  }
  return parseSettings(text);
}

export const register: Register = (program, cli) => {
  const destination = program.command('destination').description('where backups are kept, and the keys for it in the keychain of this computer');
  const which = 'its id, or its address: s3:https://host/bucket, sftp:user@host:/path, rest:https://host/';

  destination.command('list').description('the destinations of this computer\'s jobs').action(cli.action(z.object({}), async () => {
    const { jobs } = await openPlaces(cli);
    const all = [...new Map(jobs.flatMap(destinationsOf).map((each) => [each.id, each])).values()];
    cli.result(all, () => all.map(({ id, name, url }) => `${id}  ${name}  ${url}`).join('\n'));
  }));

  destination.command('set').argument('<destination>', which).option('--file <path>', 'read them from there, a line name=value for each')
    .description('ask for the keys and keep them (or take lines name=value from standard input)')
    .action(cli.action(fileOption, async ({ args: [text = ''], options: { file } }) => {
      const where = whereOf(text, (await openPlaces(cli)).jobs.flatMap(destinationsOf));
      const given = await settings(cli, where.url, file);
      if (Object.keys(given).length === 0) throw new HoldfastError('usage', 'No keys were given, so nothing was kept.');
      const { openBackend } = await import('../../backup/backend/open.js');
      await openBackend({ url: where.url, backend: given, cacheFolder: false }).close(); // refuses a setting that it does not know
      await withAgent(cli, (control) => control.call('setDestinationKeys', { destination: where, settings: given }));
      cli.result({ ...where, settings: Object.keys(given) }, () => `The keys for ${where.url} are kept on this computer: ${Object.keys(given).join(', ')}.`);
    }));

  destination.command('remove').argument('<destination>', which).description('forget its keys').action(cli.action(z.object({}), async ({ args: [text = ''] }) => {
    const where = whereOf(text, (await openPlaces(cli)).jobs.flatMap(destinationsOf));
    await withAgent(cli, (control) => control.call('setDestinationKeys', { destination: where, settings: null }));
    cli.result(where, () => `The keys for ${where.url} are forgotten.`);
  }));

  destination.command('eject').argument('<destination>', which).description('unmount its disk, so that it can be taken away').action(cli.action(z.object({}), async ({ args: [text = ''] }) => {
    const { jobs } = await openPlaces(cli);
    const found = jobs.flatMap(destinationsOf).find(({ id, name, url }) => id === text || url === text || name === text);
    if (found === undefined) throw new HoldfastError('not-found', `No job of this computer has a destination "${text}". Give its id as "holdfast destination list" shows it.`);
    const { label } = await withAgent(cli, (control) => control.call('ejectDisk', { destinationId: found.id }));
    cli.result({ id: found.id, label }, () => `The disk "${label}" is unmounted and can be taken away.`);
  }));

  destination.command('test').argument('<destination>', which).option('--file <path>', 'keys to try, a line name=value for each, in place of those that are kept')
    .description('write, list, read and delete a small file there').action(cli.action(fileOption, async ({ args: [text = ''], options: { file } }) => {
      const places = await openPlaces(cli);
      const isFolder = /^(\/|\.)/.test(text);
      const where = isFolder ? { id: destinationId(text), url: text } : whereOf(text, places.jobs.flatMap(destinationsOf));
      const place = file === undefined ? await kept(await places.secrets(), where) : { url: where.url, backend: await settings(cli, where.url, file) };
      const { probeDestination, systemVolumes } = await import('../../backup/destination/index.js');
      const result = await probeDestination(place, { signal: cli.signal, volumes: systemVolumes() });
      if (!result.ok) throw new HoldfastError(result.error.code, result.error.message, { retryable: result.error.retryable });
      cli.result(result, () => `${where.url} works${result.appendOnly ? '; it only lets files be added' : ''}.${result.repository ? ' There is a repository already.' : ''}`);
    }));
};

/** With the keys that the agent keeps for it. */
async function kept(secrets: Awaited<ReturnType<Awaited<ReturnType<typeof openPlaces>>['secrets']>>, where: Where): Promise<{ url: string; backend?: Record<string, string> }> {
  if (secrets === null || !/^(s3|sftp|rest):/.test(where.url)) return { url: where.url };
  const { DestinationKeys } = await import('../../agent/destinations/keys.js');
  const { backend, url } = await new DestinationKeys(secrets, Date).place(where);
  return { url, ...(backend && { backend: { ...backend } }) };
}
