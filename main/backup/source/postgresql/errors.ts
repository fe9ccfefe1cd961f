/** What PostgreSQL's tools say, in sentences for people. The tools are run with LC_ALL=C, so their words are English. */
import { HoldfastError } from '../../../shared/errors.js';
import type { Failure } from '../process/command.js';

/** @param where what was being dumped @param user as the job names it */
export function explainPostgres(where: string, user: string | undefined): (failure: Failure) => HoldfastError | null {
  const who = user === undefined ? 'this user' : `the user "${user}"`;
  return ({ said }) => {
    const failed = (what: string, options: { retryable?: boolean } = {}): HoldfastError => new HoldfastError('source-failed', `${where}: ${what}`, options);
    if (/password authentication failed|no password supplied|fe_sendauth|SCRAM authentication requires|Ident authentication failed|Peer authentication failed/.test(said)) {
      return new HoldfastError('permission-denied', `${where} does not let ${who} in with the password this computer has. Enter the right password for it.`);
    }
    const role = /role "(.*)" does not exist/.exec(said)?.[1];
    if (role !== undefined) return new HoldfastError('permission-denied', `${where} knows no user "${role}". Name one that may read all of it.`);
    const database = /database "(.*)" does not exist/.exec(said)?.[1];
    if (database !== undefined) return new HoldfastError('source-missing', `${where} has no database "${database}" any more. Choose its databases anew in the job.`);
    if (/pg_hba\.conf/.test(said)) return new HoldfastError('permission-denied', `${where} does not accept connections from here. Allow them in its pg_hba.conf.`);
    if (/too many clients|remaining connection slots/.test(said)) return failed('all its connections are taken. Try again when it has less to do.', { retryable: true });
    if (/starting up|shutting down|recovery mode/.test(said)) return failed('it is just starting or stopping. Try again in a moment.', { retryable: true });
    if (/lock timeout|canceling statement due to/.test(said)) return failed('a table was locked for too long, or the server ended the dump. Look for a transaction that was left open, then run the backup again.', { retryable: true });
    const object = /permission denied for (?:table|relation|schema|sequence|large object|view|materialized view|foreign table) ("?[^\n"]+"?)/.exec(said)?.[1];
    if (object !== undefined) return new HoldfastError('permission-denied', `${where}: ${who} may not read ${object.trim()}. Grant the role pg_read_all_data, or leave that table out in the job.`);
    if (/permission denied/.test(said)) return new HoldfastError('permission-denied', `${where}: ${who} may not read all of it. Grant the role pg_read_all_data, or use a superuser.`);
    if (/row-level security/.test(said)) return new HoldfastError('permission-denied', `${where}: a table has row-level security that hides rows from ${who}. Use a user with BYPASSRLS.`);
    if (/server version mismatch/.test(said)) return failed('pg_dump here is older than the server. Install the client of the server\'s version.');
    if (/server closed the connection|connection to server was lost|terminating connection|could not receive data|SSL SYSCALL/.test(said)) return failed('the server broke off the connection while it was dumped. Run the backup again.', { retryable: true });
    if (/certificate|SSL|ssl/.test(said) && /connection to server/.test(said)) return failed('the encrypted connection could not be made. Check its certificate, or the TLS setting of the job.');
    if (/could not translate host name|Connection refused|No such file or directory|timeout expired|No route to host|could not connect/.test(said)) {
      return new HoldfastError('source-missing', `${where} does not answer. Check that it runs and that the job names its host and port.`, { retryable: true });
    }
    return null;
  };
}
