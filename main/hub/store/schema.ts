/**
 * The hub's tables. Times are milliseconds since the epoch, booleans are 0 and 1, documents are JSON text: the same on SQLite
 * and PostgreSQL. Of tokens only the SHA-256 is kept; what alert channels need to log in somewhere is sealed.
 */
import type { Generated } from 'kysely';

export interface SetupTokenRow {
  id: Generated<number>;
  name: string;
  secret_hash: string;
  created_at: number;
  expires_at: number | null;
  max_uses: number | null;
  uses: number;
  revoked_at: number | null;
}

export interface AgentRow {
  id: Generated<number>;
  name: string;
  secret_hash: string;
  registered_at: number;
  /** A deleted agent stays, so that its token is told "removed" and not "unknown". */
  deleted_at: number | null;
  last_seen_at: number | null;
  host: string | null;
  os: string | null;
  arch: string | null;
  version: string | null;
  timezone: string | null;
  /** Grows with each change of its job set. */
  jobs_revision: number;
  journal_id: string | null;
  /** The last event of that journal which is stored here. */
  acked_seq: number;
  /** Jobs that it does not run as they are, because its owner has not allowed it there, as JSON; null for none. */
  held: string | null;
}

export interface JobRow {
  id: string;
  agent_id: number;
  /** A job draft as JSON; its name and whether it is paused stand beside it for lists. */
  definition: string;
  name: string;
  paused: number;
  created_at: number;
  deleted_at: number | null;
  /** What the status is made from, kept beside the job so that a list of ten thousand needs no search through runs. */
  last_run_id: string | null;
  last_good_at: number | null;
  due_at: number | null;
  interval_ms: number | null;
  /** The end of the newest restore drill that proved all, and what the newest one found that was carried out. */
  proven_at: number | null;
  drilled_at: number | null;
  drill_outcome: string | null;
  drill_reason: string | null;
  /** What is known of its copies, as JSON; null for a job without any. */
  copies: string | null;
}

export interface RunRow {
  id: string;
  agent_id: number;
  job_id: string;
  job_name: string;
  trigger: string;
  state: string;
  queued_at: number;
  started_at: number | null;
  finished_at: number | null;
  progress: string | null;
  result: string | null;
  /** Files that could not be read; from the result, for lists. */
  unreadable: number;
  error: string | null;
  /** 1 while an order of the hub has no answer from the agent. */
  awaiting: number;
  /** 1 once the order went out at least once. */
  ordered: number;
  /** 1 once somebody asked for its end. */
  cancelling: number;
}

export interface RunLogRow {
  id: Generated<number>;
  run_id: string;
  at: number;
  level: string;
  message: string;
}

/** Hub processes on a shared database, and which of them has which agent. Empty on SQLite. */
export interface HubRow {
  id: string;
  seen_at: number;
}

export interface ConnectionRow {
  agent_id: number;
  hub_id: string;
}

export interface UserRow {
  id: string;
  name: string;
  role: string;
  /** scrypt with its parameters; null where only a login link is the way in. */
  password_hash: string | null;
  created_at: number;
}

/** A browser that is logged in. Its cookie is kept as SHA-256. */
export interface WebSessionRow {
  hash: string;
  user_id: string;
  expires_at: number;
}

/** Logs somebody in once. */
export interface LoginCodeRow {
  hash: string;
  user_id: string;
  expires_at: number;
}

export interface ApiTokenRow {
  id: Generated<number>;
  name: string;
  role: string;
  secret_hash: string;
  created_at: number;
  expires_at: number | null;
  last_used_at: number | null;
}

export interface AuditRow {
  id: Generated<number>;
  at: number;
  actor: string;
  action: string;
  subject: string;
  address: string | null;
}

/** One row: what the owner of hub storage has set. Null where the usual applies, or no limit. */
export interface StorageSettingsRow {
  id: number;
  offered: number;
  default_quota: number | null;
  total_quota: number | null;
  reserve: number | null;
}

export interface StorageRow {
  agent_id: number;
  /** Bytes; null where the usual one applies. */
  quota: number | null;
  last_write_at: number | null;
}

/** Credentials for hub storage, kept as SHA-256. */
export interface StorageKeyRow {
  agent_id: number;
  purpose: string;
  secret_hash: string;
  created_at: number;
}

/** The office's recovery key: its public half. At most one row has no `retired_at`. */
export interface RecoveryKeyRow {
  recipient: string;
  created_at: number;
  retired_at: number | null;
}

/** A repository password that an agent sealed to a recovery key; only the private half, which the hub never has, opens it. */
export interface SealedPasswordRow {
  agent_id: number;
  destination_id: string;
  destination_name: string;
  url: string;
  recipient: string;
  sealed: string;
  sealed_at: number;
}

/** A problem, from when it was first seen; at most one without an end per key. */
export interface AlertRow {
  id: string;
  key: string;
  kind: string;
  title: string;
  text: string;
  agent_id: number | null;
  job_id: string | null;
  opened_at: number;
  over_at: number | null;
}

export interface AlertChannelRow {
  id: string;
  name: string;
  /** As JSON: what may be seen of it, and as its owner gave it, sealed (store/sealed.ts). Rows of older hubs hold it as it is until the next start. */
  config: string;
  enabled: number;
  created_at: number;
  last_sent_at: number | null;
  last_error: string | null;
  /** Failures in a row, and when the next attempt is. */
  attempts: number;
  next_at: number;
}

/** What is still to be said through a channel. */
export interface AlertMessageRow {
  id: Generated<number>;
  channel_id: string;
  alert_id: string;
  state: string;
}

/** One row, as JSON. */
export interface AlertSettingsRow {
  id: number;
  settings: string;
}

/** What one of several hub processes does for all. */
export interface LeaseRow {
  name: string;
  hub_id: string;
  until: number;
}

/** Attempts to log in, by address and by user, in the last minutes. */
export interface LoginAttemptRow {
  key: string;
  count: number;
  since: number;
}

export interface Tables {
  login_attempts: LoginAttemptRow;
  alerts: AlertRow;
  alert_channels: AlertChannelRow;
  alert_messages: AlertMessageRow;
  alert_settings: AlertSettingsRow;
  leases: LeaseRow;
  storage_settings: StorageSettingsRow;
  storage: StorageRow;
  storage_keys: StorageKeyRow;
  recovery_keys: RecoveryKeyRow;
  sealed_passwords: SealedPasswordRow;
  users: UserRow;
  web_sessions: WebSessionRow;
  login_codes: LoginCodeRow;
  api_tokens: ApiTokenRow;
  audit: AuditRow;
  hubs: HubRow;
  connections: ConnectionRow;
  setup_tokens: SetupTokenRow;
  agents: AgentRow;
  jobs: JobRow;
  runs: RunRow;
  run_logs: RunLogRow;
}
