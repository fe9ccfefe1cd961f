/**
 * The services and boxes that people keep backups on: what to ask for, and the repository's address that follows from the answers.
 * Endpoints are the providers' documented ones.
 */
import { HoldfastError } from './errors.js';

export interface PresetField {
  /** A setting of the backend (`access-key-id`), or a part of the address (`bucket`). */
  readonly name: string;
  readonly label: string;
  readonly required: boolean;
  /** Belongs in the keychain and nowhere else. */
  readonly secret?: boolean;
  readonly example?: string;
  /** Filled in unless something else is given. */
  readonly value?: string;
}

export interface Preset {
  readonly id: string;
  readonly name: string;
  readonly kind: 's3' | 'sftp' | 'rest';
  readonly fields: readonly PresetField[];
  /** The page where the key is made, or null where that depends on the box. */
  readonly keyPage: string | null;
  /** What has to be done there, in a sentence. */
  readonly hint: string;
  /** From answers that are complete and plausible. */
  readonly address: (answers: Readonly<Record<string, string>>) => string;
}

export interface FilledPreset {
  readonly url: string;
  /** For `repository.backend`; holds secrets. */
  readonly backend: Record<string, string>;
}

const field = (name: string, label: string, more: Partial<PresetField> = {}): PresetField => ({ name, label, required: true, ...more });
const bucket = field('bucket', 'Bucket', { example: 'my-backups' });
const folder = field('folder', 'Folder in the bucket', { required: false, example: 'laptop' });
const s3Keys = (id = 'Access key', secret = 'Secret key'): PresetField[] => [field('access-key-id', id), field('secret-access-key', secret, { secret: true })];
const sshKeys: PresetField[] = [
  field('private-key-file', 'Private key file', { required: false, example: '~/.ssh/id_ed25519' }),
  field('passphrase', 'Passphrase of the key', { required: false, secret: true }),
  field('password', 'Password', { required: false, secret: true }),
  field('host-key', 'Fingerprint of the server', { required: false, example: 'SHA256:…' }),
];
const s3 = (origin: string, { bucket: name = '', folder: inside = '' }: Readonly<Record<string, string>>): string => `s3:${origin}/${name}/${inside.replace(/^\/+|\/+$/g, '')}`;
const sftp = (answers: Readonly<Record<string, string>>): string =>
  `sftp://${encodeURIComponent(part(answers, 'user'))}@${part(answers, 'host')}:${part(answers, 'port')}//${part(answers, 'folder').replace(/^\/+/, '')}`;
const part = (answers: Readonly<Record<string, string>>, name: string): string => answers[name] ?? '';

export const presets: readonly Preset[] = [
  {
    id: 'spaces', name: 'DigitalOcean Spaces', kind: 's3', keyPage: 'https://cloud.digitalocean.com/account/api/spaces',
    hint: 'Make a Spaces access key with read and write access to the bucket.',
    fields: [field('region', 'Region', { example: 'fra1' }), bucket, folder, ...s3Keys()],
    address: (answers) => s3(`https://${part(answers, 'region')}.digitaloceanspaces.com`, answers),
  },
  {
    id: 'aws', name: 'Amazon S3', kind: 's3', keyPage: 'https://console.aws.amazon.com/iam/home#/users',
    hint: 'Make a user that may read, write, list and delete in the bucket, and an access key for it.',
    fields: [field('region', 'Region', { example: 'eu-central-1' }), bucket, folder, ...s3Keys('Access key ID', 'Secret access key'), field('storage-class', 'Storage class', { required: false, example: 'STANDARD_IA' })],
    address: (answers) => s3(`https://s3.${part(answers, 'region')}.amazonaws.com`, answers),
  },
  {
    id: 'b2', name: 'Backblaze B2', kind: 's3', keyPage: 'https://secure.backblaze.com/app_keys.htm',
    hint: 'Make an application key for the bucket; the region is the middle part of the bucket\'s endpoint.',
    fields: [field('region', 'Region', { example: 'eu-central-003' }), bucket, folder, ...s3Keys('keyID', 'applicationKey')],
    address: (answers) => s3(`https://s3.${part(answers, 'region')}.backblazeb2.com`, answers),
  },
  {
    id: 'r2', name: 'Cloudflare R2', kind: 's3', keyPage: 'https://dash.cloudflare.com/?to=/:account/r2/api-tokens',
    hint: 'Make an R2 API token with "Object Read & Write" for the bucket.',
    fields: [field('account', 'Account ID', { example: '32 hexadecimal digits' }), bucket, folder, ...s3Keys('Access Key ID', 'Secret Access Key')],
    address: (answers) => s3(`https://${part(answers, 'account')}.r2.cloudflarestorage.com`, answers),
  },
  {
    id: 'wasabi', name: 'Wasabi', kind: 's3', keyPage: 'https://console.wasabisys.com/#/access_keys',
    hint: 'Make an access key for a user that may use the bucket.',
    fields: [field('region', 'Region', { example: 'eu-central-1' }), bucket, folder, ...s3Keys()],
    address: (answers) => s3(`https://s3.${part(answers, 'region')}.wasabisys.com`, answers),
  },
  {
    id: 'minio', name: 'MinIO or another S3 service', kind: 's3', keyPage: null,
    hint: 'Make an access key in the service\'s console.',
    fields: [
      field('endpoint', 'Address', { example: 'https://minio.example:9000' }), bucket, folder, ...s3Keys(),
      field('region', 'Region', { required: false, example: 'us-east-1' }), field('ca-certificate', 'Certificate of its authority (PEM)', { required: false }),
    ],
    address: (answers) => s3(part(answers, 'endpoint').replace(/\/+$/, ''), answers),
  },
  {
    id: 'hetzner', name: 'Hetzner Storage Box', kind: 'sftp', keyPage: 'https://console.hetzner.com/',
    hint: 'Switch on "SSH support" for the box and add your public key there, or use the box\'s password.',
    fields: [field('user', 'User name', { example: 'u123456' }), field('folder', 'Folder', { value: 'backups' }), ...sshKeys],
    address: (answers) => `sftp://${part(answers, 'user')}@${part(answers, 'user').replace(/-sub\d+$/, '')}.your-storagebox.de:23/${part(answers, 'folder').replace(/^\/+/, '')}`,
  },
  {
    id: 'nas', name: 'Synology or QNAP', kind: 'sftp', keyPage: null,
    hint: 'Switch on SFTP on the NAS (Synology: Control Panel, File Services, FTP; QNAP: Control Panel, Telnet/SSH), for a user who may write the shared folder.',
    fields: [field('host', 'Name or address', { example: 'nas.local' }), field('port', 'Port', { value: '22' }), field('user', 'User name'), field('folder', 'Folder', { example: '/backups/laptop' }), ...sshKeys],
    address: sftp,
  },
  {
    id: 'sftp', name: 'A server over SSH', kind: 'sftp', keyPage: null,
    hint: 'Any server that you can log in to with ssh. Nothing has to be installed there.',
    fields: [field('host', 'Name or address', { example: 'server.example' }), field('port', 'Port', { value: '22' }), field('user', 'User name'), field('folder', 'Folder', { example: '/srv/backups/laptop' }), ...sshKeys],
    address: sftp,
  },
  {
    id: 'rest', name: 'restic REST server', kind: 'rest', keyPage: null,
    hint: 'The address is the one that restic uses behind "rest:"; the user is one of the server\'s own.',
    fields: [
      field('endpoint', 'Address', { example: 'https://backup.example:8000' }), field('folder', 'Repository on the server', { required: false, example: 'anna/laptop' }),
      field('user', 'User name', { required: false }), field('password', 'Password', { required: false, secret: true }), field('ca-certificate', 'Certificate of its authority (PEM)', { required: false }),
    ],
    address: (answers) => `rest:${part(answers, 'endpoint').replace(/\/+$/, '')}/${part(answers, 'folder').replace(/^\/+|\/+$/g, '')}`.replace(/([^/])$/, '$1/'),
  },
];

/** What each answer may look like: it becomes part of an address. */
const shapes: Record<string, RegExp> = {
  region: /^[a-z0-9-]+$/, bucket: /^[A-Za-z0-9][A-Za-z0-9.-]{1,61}[A-Za-z0-9]$/, account: /^[0-9a-f]{32}(\.eu|\.fedramp)?$/i, endpoint: /^https?:\/\/[^/\s@]+\/*$/, host: /^[^\s/@]+$/, port: /^\d{1,5}$/,
  folder: /^[^?#]*$/, user: /^[^\s/:@]+$/,
};
/** Answers that are part of the address and no setting of the backend. */
const inAddress = new Set(['bucket', 'folder', 'account', 'endpoint', 'host', 'port', 'user']);

/**
 * The address and settings that follow from a person's answers.
 * @throws `usage` naming the field; a secret is never quoted
 */
export function fillPreset(id: string, given: Readonly<Record<string, string>>): FilledPreset {
  const preset = presets.find((candidate) => candidate.id === id);
  if (!preset) throw new HoldfastError('usage', `There is no preset "${id}". The presets are: ${presets.map((candidate) => candidate.id).join(', ')}.`);
  const unknown = Object.keys(given).find((name) => !preset.fields.some((candidate) => candidate.name === name));
  if (unknown !== undefined) throw new HoldfastError('usage', `"${unknown}" is not asked for by ${preset.name}. Its fields are: ${preset.fields.map(({ name }) => name).join(', ')}.`);
  const answers: Record<string, string> = {};
  for (const { name, label, required, value, example } of preset.fields) {
    const answer = (given[name] ?? '').trim() || value;
    if (answer === undefined) {
      if (required) throw new HoldfastError('usage', `${preset.name} needs the field "${label}". Fill it in.`);
      continue;
    }
    if (shapes[name]?.test(answer) === false) throw new HoldfastError('usage', `The field "${label}" does not look right${example === undefined ? '' : ` (an example: ${example})`}. Correct it.`);
    answers[name] = answer;
  }
  const isSetting = (name: string): boolean => (!inAddress.has(name) && !(name === 'region' && preset.id !== 'minio')) || (name === 'user' && preset.kind === 'rest');
  return { url: preset.address(answers), backend: Object.fromEntries(Object.entries(answers).filter(([name]) => isSetting(name))) };
}
