/** What the tools of MySQL and MariaDB say, in sentences for people. Numbers are the servers' own, the same in both. */
import { HoldfastError } from '../../../shared/errors.js';
import type { Failure } from '../process/command.js';

/** @param where what was being dumped @param user as the job names it */
export function explainMysql(where: string, user: string | undefined): (failure: Failure) => HoldfastError | null {
  const who = user === undefined ? 'this user' : `the user "${user}"`;
  return ({ said }) => {
    const found = /(?:ERROR |error: |Error )(\d{4})|\((\d{4})\)/i.exec(said);
    const number = Number(found?.[1] ?? found?.[2] ?? 0);
    const table = /for table [`']?(?:\S+?[`']?\.)?[`']?([^`'\s]+)/.exec(said)?.[1];
    if (/insuffici?ent privileges to SHOW CREATE/i.test(said)) {
      return new HoldfastError('permission-denied', `${where}: ${who} may not read its routines. Grant SELECT on mysql.proc (MariaDB) or SHOW_ROUTINE (MySQL).`);
    }
    switch (number) {
      case 1045: case 1698: return new HoldfastError('permission-denied', `${where} does not let ${who} in with the password this computer has. Enter the right password for it.`);
      case 1049: return new HoldfastError('source-missing', `${where}: that database is not there any more. Choose the databases anew in the job.`);
      case 1044: case 1142: case 1143: case 1227: case 1370: case 1449:
        return new HoldfastError('permission-denied', `${where}: ${who} may not read ${table === undefined ? 'all of it' : `the table "${table}"`}. Grant SELECT, SHOW VIEW, TRIGGER, EVENT and LOCK TABLES, or leave it out in the job.`);
      case 1130: return new HoldfastError('permission-denied', `${where} does not accept connections from here. Allow ${who} from this host.`);
      case 1040: case 1203: case 1226: return new HoldfastError('source-failed', `${where}: all its connections are taken. Try again when it has less to do.`, { retryable: true });
      case 1205: return new HoldfastError('source-failed', `${where}: a table was locked for too long. Look for a transaction that was left open, then run the backup again.`, { retryable: true });
      case 1412: return new HoldfastError('source-failed', `${where}: a table was altered while it was dumped. Run the backup again.`, { retryable: true });
      case 2006: case 2013: case 1053: case 1927: return new HoldfastError('source-failed', `${where}: the server broke off the connection while it was dumped. Run the backup again.`, { retryable: true });
      case 2026: return new HoldfastError('source-failed', `${where}: the encrypted connection could not be made. Check its certificate, or the TLS setting of the job.`);
      case 2002: case 2003: case 2005: return new HoldfastError('source-missing', `${where} does not answer. Check that it runs and that the job names its host and port.`, { retryable: true });
      case 1356: return new HoldfastError('source-failed', `${where}: a view refers to tables that are not there. Repair or drop it: ${/View '([^']+)'/.exec(said)?.[1] ?? 'see the log of the run'}.`);
      default: return null;
    }
  };
}
