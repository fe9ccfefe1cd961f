/**
 * A real S3 service: Ceph's RADOS Gateway with one monitor and one object store in memory, all on the loopback address.
 * Runs as any user, needs the packages radosgw, ceph-mon and ceph-osd, and is up within seconds.
 */
import { randomUUID } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import path from 'node:path';
import { freePort } from './ports.js';
import { runOk, start, type Running } from './processes.js';
import { removeTree, tempFolder } from './temp.js';
import { until } from './until.js';

export interface ObjectStore {
  readonly port: number;
  /** `http://127.0.0.1:PORT`, or https. */
  readonly endpoint: string;
  readonly accessKey: string;
  readonly secretKey: string;
  /** Runs radosgw-admin, for quotas and the like. */
  admin(...args: string[]): Promise<string>;
  /** Kills the gateway and starts it again on the same port; the data stays. */
  killGateway(): Promise<void>;
  startGateway(): Promise<void>;
  stop(): Promise<void>;
}

export interface ObjectStoreOptions {
  /** Files in PEM form: the gateway speaks TLS then. */
  readonly tls?: { certificate: string; key: string };
  /** Bytes of memory for objects; default 1 GiB. */
  readonly capacity?: number;
}

/** Stop it yourself: it outlives a test. */
export async function startObjectStore(options: ObjectStoreOptions = {}): Promise<ObjectStore> {
  const folder = tempFolder({ keep: true });
  for (const name of ['mon', 'osd', 'run', 'log', 'rgw']) mkdirSync(path.join(folder, name));
  const [port, monitorPort, id] = [await freePort(), await freePort(), randomUUID()];
  const configuration = path.join(folder, 'ceph.conf');
  writeFileSync(configuration, configurationText(folder, id, port, monitorPort, options));
  const env = { CEPH_CONF: configuration };
  const daemons: Running[] = [];
  let gateway: Running | undefined;

  const stop = async (): Promise<void> => {
    // a plain stop takes minutes: there is nothing to save
    for (const daemon of [...daemons, ...(gateway ? [gateway] : [])]) daemon.signal('SIGKILL');
    await Promise.all([...daemons, ...(gateway ? [gateway] : [])].map((daemon) => daemon.ended));
    await removeTree(folder);
  };
  const endpoint = `${options.tls ? 'https' : 'http'}://127.0.0.1:${port}`;
  const startGateway = async (): Promise<void> => {
    gateway = start('radosgw', ['-n', 'client.rgw', '-f'], { env, keep: true });
    await until('the S3 gateway answers', () => {
      if (!gateway?.isRunning) throw new Error(`radosgw ended\n${gateway?.lines.join('\n')}`);
      return listens(port);
    }, 40_000);
  };

  try {
    const map = path.join(folder, 'monmap');
    await runOk('monmaptool', ['--create', '--clobber', '--fsid', id, '--add', 'a', `v2:127.0.0.1:${monitorPort}`, map], { env });
    await runOk('ceph-mon', ['--mkfs', '-i', 'a', '--monmap', map], { env });
    daemons.push(start('ceph-mon', ['-i', 'a', '-f'], { env, keep: true }));
    const osd = randomUUID();
    await runOk('ceph', ['osd', 'new', osd], { env });
    await runOk('ceph-osd', ['-i', '0', '--mkfs', '--osd-uuid', osd], { env });
    daemons.push(start('ceph-osd', ['-i', '0', '-f'], { env, keep: true }));
    await startGateway();
    const [accessKey, secretKey] = ['testaccess', 'testsecret1234'];
    const admin = (...args: string[]): Promise<string> => runOk('radosgw-admin', ['-n', 'client.rgw', ...args], { env });
    await admin('user', 'create', '--uid=test', '--display-name=test', `--access-key=${accessKey}`, `--secret-key=${secretKey}`);
    return {
      port, endpoint, accessKey, secretKey, admin, stop, startGateway,
      killGateway: async () => {
        gateway?.signal('SIGKILL');
        await gateway?.ended;
      },
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

function listens(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
    socket.once('connect', () => socket.destroy());
  });
}

function configurationText(folder: string, id: string, port: number, monitorPort: number, options: ObjectStoreOptions): string {
  const frontend = options.tls
    ? `beast ssl_endpoint=127.0.0.1:${port} ssl_certificate=${options.tls.certificate} ssl_private_key=${options.tls.key}`
    : `beast endpoint=127.0.0.1:${port}`;
  return `[global]
fsid = ${id}
mon_host = v2:127.0.0.1:${monitorPort}
public_addr = 127.0.0.1
cluster_addr = 127.0.0.1
ms_bind_msgr1 = false
auth_cluster_required = none
auth_service_required = none
auth_client_required = none
ms_mon_client_mode = crc
ms_mon_service_mode = crc
ms_mon_cluster_mode = crc
osd_pool_default_size = 1
osd_pool_default_min_size = 1
osd_pool_default_pg_num = 4
osd_pool_default_pgp_num = 4
osd_pool_default_pg_autoscale_mode = off
osd_crush_chooseleaf_type = 0
mon_allow_pool_size_one = true
mon_max_pg_per_osd = 1000
run_dir = ${folder}/run
admin_socket = ${folder}/run/$name.asok
pid_file = ${folder}/run/$name.pid
log_file = ${folder}/log/$name.log
debug_none = 0
[mon]
paxos_propose_interval = 0.02
paxos_min_wait = 0.01
mon_data = ${folder}/mon
mon_cluster_log_file = ${folder}/log/cluster.log
mon_data_avail_crit = 1
mon_data_avail_warn = 2
auth_allow_insecure_global_id_reclaim = false
[osd]
osd_data = ${folder}/osd
osd_objectstore = memstore
memstore_device_bytes = ${options.capacity ?? 2 ** 30}
osd_memory_target = 939524096
[client.rgw]
rgw_data = ${folder}/rgw
rgw_frontends = ${frontend}
rgw_dns_name = localhost
rgw_rados_pool_pg_num_min = 4
rgw_bucket_index_max_aio = 8
rgw_thread_pool_size = 32
rgw_exit_timeout_secs = 1
`;
}
