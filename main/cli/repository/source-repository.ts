/** The other repository: where `copy` reads from, and whose chunker parameters `init` takes. */
import type { Command } from 'commander';
import { z } from 'zod';
import type { RepositoryAccess } from '../../backup/types.js';
import { HoldfastError } from '../../shared/errors.js';
import type { Cli, GlobalOptions } from '../cli.js';
import { repositoryAccess } from './access.js';

export const sourceOptions = z.object({ fromRepo: z.string().optional(), fromPasswordFile: z.string().optional() });

export const addSourceOptions = (command: Command, what: string): Command => command
  .option('--from-repo <url>', `${what} (else RESTIC_FROM_REPOSITORY)`)
  .option('--from-password-file <file>', 'a file with its password (else the same password, or RESTIC_FROM_PASSWORD)');

/**
 * @param first the repository that --repo names
 * @throws HoldfastError `usage` when no other repository is named.
 */
export async function sourceAccess(cli: Cli, given: z.infer<typeof sourceOptions> & GlobalOptions, first: RepositoryAccess): Promise<RepositoryAccess> {
  const url = given.fromRepo ?? cli.env['RESTIC_FROM_REPOSITORY'];
  if (!url) throw new HoldfastError('usage', 'The other repository is not named. Give --from-repo.');
  const passwordFile = given.fromPasswordFile ?? cli.env['RESTIC_FROM_PASSWORD_FILE'];
  const known = cli.env['RESTIC_FROM_PASSWORD'];
  if (passwordFile === undefined && known) return { ...first, url, password: known };
  return repositoryAccess(cli, { ...given, repo: url, ...(passwordFile === undefined ? {} : { passwordFile }) });
}
