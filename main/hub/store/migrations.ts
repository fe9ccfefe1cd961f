/** The database's history, oldest first. A published migration is never changed; a new one is added below it. */
import { sql, type ColumnDefinitionBuilder, type Kysely, type Migration } from 'kysely';

export type DatabaseKind = 'sqlite' | 'postgres';

export const migrationsFor = (kind: DatabaseKind): Record<string, Migration> => {
  const numbered = (column: ColumnDefinitionBuilder): ColumnDefinitionBuilder =>
    kind === 'sqlite' ? column.primaryKey().autoIncrement() : column.primaryKey().generatedByDefaultAsIdentity();
  const id = kind === 'sqlite' ? 'integer' : 'bigint';

  return {
    '0001-first': {
      async up(db: Kysely<unknown>): Promise<void> {
        await db.schema.createTable('setup_tokens')
          .addColumn('id', id, numbered)
          .addColumn('name', 'text', (c) => c.notNull())
          .addColumn('secret_hash', 'text', (c) => c.notNull())
          .addColumn('created_at', 'bigint', (c) => c.notNull())
          .addColumn('expires_at', 'bigint')
          .addColumn('max_uses', 'integer')
          .addColumn('uses', 'integer', (c) => c.notNull().defaultTo(0))
          .addColumn('revoked_at', 'bigint')
          .execute();
        await db.schema.createTable('agents')
          .addColumn('id', id, numbered)
          .addColumn('name', 'text', (c) => c.notNull())
          .addColumn('secret_hash', 'text', (c) => c.notNull())
          .addColumn('registered_at', 'bigint', (c) => c.notNull())
          .addColumn('deleted_at', 'bigint')
          .addColumn('last_seen_at', 'bigint')
          .addColumn('host', 'text')
          .addColumn('os', 'text')
          .addColumn('arch', 'text')
          .addColumn('version', 'text')
          .addColumn('timezone', 'text')
          .addColumn('jobs_revision', 'bigint', (c) => c.notNull().defaultTo(0))
          .addColumn('journal_id', 'text')
          .addColumn('acked_seq', 'bigint', (c) => c.notNull().defaultTo(0))
          .execute();
        await db.schema.createIndex('agents_by_name').on('agents').column('name').execute();
        await db.schema.createTable('jobs')
          .addColumn('id', 'text', (c) => c.primaryKey())
          .addColumn('agent_id', 'bigint', (c) => c.notNull().references('agents.id'))
          .addColumn('definition', 'text', (c) => c.notNull())
          .addColumn('name', 'text', (c) => c.notNull())
          .addColumn('paused', 'integer', (c) => c.notNull().defaultTo(0))
          .addColumn('created_at', 'bigint', (c) => c.notNull())
          .addColumn('deleted_at', 'bigint')
          .addColumn('last_run_id', 'text')
          .addColumn('last_good_at', 'bigint')
          .addColumn('due_at', 'bigint')
          .addColumn('interval_ms', 'bigint')
          .execute();
        await db.schema.createIndex('jobs_by_agent').on('jobs').column('agent_id').execute();
        await db.schema.createTable('runs')
          .addColumn('id', 'text', (c) => c.primaryKey())
          .addColumn('agent_id', 'bigint', (c) => c.notNull().references('agents.id'))
          .addColumn('job_id', 'text', (c) => c.notNull().references('jobs.id'))
          .addColumn('job_name', 'text', (c) => c.notNull())
          .addColumn('trigger', 'text', (c) => c.notNull())
          .addColumn('state', 'text', (c) => c.notNull())
          .addColumn('queued_at', 'bigint', (c) => c.notNull())
          .addColumn('started_at', 'bigint')
          .addColumn('finished_at', 'bigint')
          .addColumn('progress', 'text')
          .addColumn('result', 'text')
          .addColumn('unreadable', 'integer', (c) => c.notNull().defaultTo(0))
          .addColumn('error', 'text')
          .addColumn('awaiting', 'integer', (c) => c.notNull().defaultTo(0))
          .addColumn('ordered', 'integer', (c) => c.notNull().defaultTo(0))
          .addColumn('cancelling', 'integer', (c) => c.notNull().defaultTo(0))
          .execute();
        await db.schema.createIndex('runs_by_job').on('runs').columns(['job_id', 'queued_at']).execute();
        await db.schema.createIndex('runs_by_agent').on('runs').columns(['agent_id', 'queued_at']).execute();
        await db.schema.createIndex('runs_by_time').on('runs').column('queued_at').execute();
        // Few runs are open at any moment, and each connection asks for its own.
        await sql`create index runs_open on runs (agent_id) where state in ('queued', 'running')`.execute(db);
        await db.schema.createTable('run_logs')
          .addColumn('id', id, numbered)
          .addColumn('run_id', 'text', (c) => c.notNull().references('runs.id'))
          .addColumn('at', 'bigint', (c) => c.notNull())
          .addColumn('level', 'text', (c) => c.notNull())
          .addColumn('message', 'text', (c) => c.notNull())
          .execute();
        await db.schema.createIndex('run_logs_by_run').on('run_logs').columns(['run_id', 'id']).execute();
      },
    },
    '0002-several-hubs': {
      async up(db: Kysely<unknown>): Promise<void> {
        await db.schema.createTable('hubs')
          .addColumn('id', 'text', (c) => c.primaryKey())
          .addColumn('seen_at', 'bigint', (c) => c.notNull())
          .execute();
        await db.schema.createTable('connections')
          .addColumn('agent_id', 'bigint', (c) => c.primaryKey().references('agents.id'))
          .addColumn('hub_id', 'text', (c) => c.notNull())
          .execute();
      },
    },
    '0003-people': {
      async up(db: Kysely<unknown>): Promise<void> {
        await db.schema.createTable('users')
          .addColumn('id', 'text', (c) => c.primaryKey())
          .addColumn('name', 'text', (c) => c.notNull().unique())
          .addColumn('role', 'text', (c) => c.notNull())
          .addColumn('password_hash', 'text')
          .addColumn('created_at', 'bigint', (c) => c.notNull())
          .execute();
        for (const table of ['web_sessions', 'login_codes']) {
          await db.schema.createTable(table)
            .addColumn('hash', 'text', (c) => c.primaryKey())
            .addColumn('user_id', 'text', (c) => c.notNull().references('users.id').onDelete('cascade'))
            .addColumn('expires_at', 'bigint', (c) => c.notNull())
            .execute();
        }
        await db.schema.createTable('api_tokens')
          .addColumn('id', id, numbered)
          .addColumn('name', 'text', (c) => c.notNull())
          .addColumn('role', 'text', (c) => c.notNull())
          .addColumn('secret_hash', 'text', (c) => c.notNull())
          .addColumn('created_at', 'bigint', (c) => c.notNull())
          .addColumn('expires_at', 'bigint')
          .addColumn('last_used_at', 'bigint')
          .execute();
        await db.schema.createTable('audit')
          .addColumn('id', id, numbered)
          .addColumn('at', 'bigint', (c) => c.notNull())
          .addColumn('actor', 'text', (c) => c.notNull())
          .addColumn('action', 'text', (c) => c.notNull())
          .addColumn('subject', 'text', (c) => c.notNull())
          .addColumn('address', 'text')
          .execute();
      },
    },
    '0004-storage': {
      async up(db: Kysely<unknown>): Promise<void> {
        await db.schema.createTable('storage_settings')
          .addColumn('id', 'integer', (c) => c.primaryKey())
          .addColumn('offered', 'integer', (c) => c.notNull())
          .addColumn('default_quota', 'bigint')
          .addColumn('total_quota', 'bigint')
          .addColumn('reserve', 'bigint')
          .execute();
        await db.schema.createTable('storage')
          .addColumn('agent_id', 'bigint', (c) => c.primaryKey().references('agents.id'))
          .addColumn('quota', 'bigint')
          .addColumn('last_write_at', 'bigint')
          .execute();
        await db.schema.createTable('storage_keys')
          .addColumn('agent_id', 'bigint', (c) => c.notNull().references('agents.id'))
          .addColumn('purpose', 'text', (c) => c.notNull())
          .addColumn('secret_hash', 'text', (c) => c.notNull())
          .addColumn('created_at', 'bigint', (c) => c.notNull())
          .addPrimaryKeyConstraint('storage_keys_pk', ['agent_id', 'purpose'])
          .execute();
        await db.schema.createTable('recovery_keys')
          .addColumn('recipient', 'text', (c) => c.primaryKey())
          .addColumn('created_at', 'bigint', (c) => c.notNull())
          .addColumn('retired_at', 'bigint')
          .execute();
        await db.schema.createTable('sealed_passwords')
          .addColumn('agent_id', 'bigint', (c) => c.notNull().references('agents.id'))
          .addColumn('destination_id', 'text', (c) => c.notNull())
          .addColumn('destination_name', 'text', (c) => c.notNull())
          .addColumn('url', 'text', (c) => c.notNull())
          .addColumn('recipient', 'text', (c) => c.notNull())
          .addColumn('sealed', 'text', (c) => c.notNull())
          .addColumn('sealed_at', 'bigint', (c) => c.notNull())
          .addPrimaryKeyConstraint('sealed_passwords_pk', ['agent_id', 'destination_id', 'recipient'])
          .execute();
      },
    },
    '0005-alerts': {
      async up(db: Kysely<unknown>): Promise<void> {
        await db.schema.createTable('alerts')
          .addColumn('id', 'text', (c) => c.primaryKey())
          .addColumn('key', 'text', (c) => c.notNull())
          .addColumn('kind', 'text', (c) => c.notNull())
          .addColumn('title', 'text', (c) => c.notNull())
          .addColumn('text', 'text', (c) => c.notNull())
          .addColumn('agent_id', 'bigint')
          .addColumn('job_id', 'text')
          .addColumn('opened_at', 'bigint', (c) => c.notNull())
          .addColumn('over_at', 'bigint')
          .execute();
        // Whatever happens, a problem is told once.
        await sql`create unique index alerts_open on alerts (key) where over_at is null`.execute(db);
        await db.schema.createTable('alert_channels')
          .addColumn('id', 'text', (c) => c.primaryKey())
          .addColumn('name', 'text', (c) => c.notNull())
          .addColumn('config', 'text', (c) => c.notNull())
          .addColumn('enabled', 'integer', (c) => c.notNull())
          .addColumn('created_at', 'bigint', (c) => c.notNull())
          .addColumn('last_sent_at', 'bigint')
          .addColumn('last_error', 'text')
          .addColumn('attempts', 'integer', (c) => c.notNull())
          .addColumn('next_at', 'bigint', (c) => c.notNull())
          .execute();
        await db.schema.createTable('alert_messages')
          .addColumn('id', id, numbered)
          .addColumn('channel_id', 'text', (c) => c.notNull().references('alert_channels.id'))
          .addColumn('alert_id', 'text', (c) => c.notNull().references('alerts.id'))
          .addColumn('state', 'text', (c) => c.notNull())
          .execute();
        await db.schema.createIndex('alert_messages_by_channel').on('alert_messages').columns(['channel_id', 'id']).execute();
        await db.schema.createTable('alert_settings').addColumn('id', 'integer', (c) => c.primaryKey()).addColumn('settings', 'text', (c) => c.notNull()).execute();
        await db.schema.createTable('leases')
          .addColumn('name', 'text', (c) => c.primaryKey())
          .addColumn('hub_id', 'text', (c) => c.notNull())
          .addColumn('until', 'bigint', (c) => c.notNull())
          .execute();
        await sql`create index jobs_due on jobs (due_at) where deleted_at is null`.execute(db);
      },
    },
    '0006-consent': {
      async up(db: Kysely<unknown>): Promise<void> {
        await db.schema.alterTable('agents').addColumn('held', 'text').execute();
      },
    },
    '0007-drills': {
      async up(db: Kysely<unknown>): Promise<void> {
        await db.schema.alterTable('jobs').addColumn('proven_at', 'bigint').execute();
        await db.schema.alterTable('jobs').addColumn('drilled_at', 'bigint').execute();
        await db.schema.alterTable('jobs').addColumn('drill_outcome', 'text').execute();
        await db.schema.alterTable('jobs').addColumn('drill_reason', 'text').execute();
      },
    },
    '0008-attempts': {
      async up(db: Kysely<unknown>): Promise<void> {
        await db.schema.createTable('login_attempts')
          .addColumn('key', 'text', (c) => c.primaryKey())
          .addColumn('count', 'integer', (c) => c.notNull())
          .addColumn('since', 'bigint', (c) => c.notNull())
          .execute();
      },
    },
    '0009-copies': {
      async up(db: Kysely<unknown>): Promise<void> {
        await db.schema.alterTable('jobs').addColumn('copies', 'text').execute();
      },
    },
  };
};
