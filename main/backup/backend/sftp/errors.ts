/** What SFTP servers say, as sentences. Status codes: draft-ietf-secsh-filexfer-02, section 7. */
import { z } from 'zod';
import { HoldfastError } from '../../../shared/errors.js';
import { networkError } from '../remote/network-errors.js';
import type { Channel } from './channel.js';

export const status = { noSuchFile: 2, permissionDenied: 3, failure: 4, unsupported: 8 } as const;

export function statusOf(error: unknown): number | null {
  return typeof error === 'object' && error !== null && 'code' in error && typeof error.code === 'number' ? error.code : null;
}

const space = z.object({ f_frsize: z.number(), f_bavail: z.number(), f_files: z.number(), f_favail: z.number(), f_flag: z.number().optional() });

/** "Failure" is all that OpenSSH says of a full disk, a disk out of inodes and one that is read-only: ask the disk. */
async function reasonOfFailure(sftp: Channel, folder: string, needed: number): Promise<'full' | 'no-inodes' | 'read-only' | null> {
  try {
    const found = space.parse(await sftp.ask<unknown>((raw, done) => raw.ext_openssh_statvfs(folder, done)));
    if (((found.f_flag ?? 0) & 1) !== 0) return 'read-only';
    if (found.f_bavail * found.f_frsize <= needed) return 'full';
    return found.f_files > 0 && found.f_favail === 0 ? 'no-inodes' : null;
  } catch {
    return null;
  }
}

export interface Circumstances {
  readonly sftp: Channel | null;
  readonly host: string;
  readonly root: string;
  readonly location: string;
  /** "Saving the pack ab12cd34" */
  readonly doing: string;
  /** Bytes that the operation would have needed. */
  readonly needed: number;
}

/** @param error of the client, of the protocol, or one of ours */
export async function sftpError(error: unknown, { sftp, host, root, location, doing, needed }: Circumstances): Promise<unknown> {
  if (error instanceof HoldfastError) return error;
  const options = { cause: error };
  switch (statusOf(error)) {
    case status.noSuchFile:
      return new HoldfastError('destination-missing', `The folder ${root} is not there on ${host}. Check the path, and whether its disk is attached.`, options);
    case status.permissionDenied:
      return new HoldfastError('permission-denied', `${doing} is not permitted in ${location}. Check the owner and mode of the folder on ${host}.`, options);
    case status.unsupported:
      return new HoldfastError('destination-failed', `The server ${host} cannot do what saving a repository needs. Use another SFTP server.`, { ...options, retryable: false });
    case status.failure:
      switch (sftp ? await reasonOfFailure(sftp, root, needed) : null) {
        case 'full':
          return new HoldfastError('destination-full', `The disk with ${location} is full. Free some space, or forget and prune old snapshots, and try again.`, options);
        case 'no-inodes':
          return new HoldfastError('destination-full', `The disk with ${location} can hold no more files. Remove some, or forget and prune old snapshots, and try again.`, options);
        case 'read-only':
          return new HoldfastError('permission-denied', `The disk with ${location} is read-only. Mount it for writing on ${host} and try again.`, options);
        case null:
          return new HoldfastError('destination-failed', `${doing} failed on ${host}, which does not say why: the disk or your quota there may be full. Look there, and try again.`, options);
      }
      break;
    default:
  }
  const network = networkError(error, host);
  if (network) return network;
  // what the client says when a connection goes away under it
  if (error instanceof Error && /no response|not connected|closed|ended|channel|keepalive|ECONN/i.test(error.message)) {
    return new HoldfastError('destination-failed', `The connection to ${host} broke off. Check the network and try again.`, { ...options, retryable: true });
  }
  return error;
}
