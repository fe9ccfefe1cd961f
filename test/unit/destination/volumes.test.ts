import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import type { Disks } from '../../../main/agent/ports.js';
import { LinuxVolumes } from '../../../main/backup/destination/volume/linux.js';
import { MacVolumes, mountPointFrom, typeFrom } from '../../../main/backup/destination/volume/macos.js';
import { isNetwork, mountOf, parseMountinfo } from '../../../main/backup/destination/volume/mounts.js';
import { Volumes } from '../../../main/backup/destination/volume/volumes.js';
import { failure } from '../../integration/backend/conformance.js';

/** A Linux computer made of files: `mount` and `unmount` change its table. */
function computer() {
  const root = realpathSync(mkdtempSync(path.join(tmpdir(), 'holdfast-disks-')));
  onTestFinished(() => rmSync(root, { recursive: true }));
  const at = (...parts: string[]): string => path.join(root, ...parts);
  for (const folder of ['dev', 'by-uuid', 'media/anna/Backup', 'media/anna/Backup1', 'nas', 'home']) mkdirSync(at(folder), { recursive: true });
  for (const [device, uuid] of [['sda1', '1111-root'], ['sdb1', '2222-disk']] as const) {
    writeFileSync(at('dev', device), '');
    symlinkSync(`../dev/${device}`, at('by-uuid', uuid));
  }
  const table = new Map<string, string>([['/', `/dev/root-disk ext4 rw /dev/root-disk`]]);
  const write = (): void => writeFileSync(at('mountinfo'), [...table].map(([point, line], i) => {
    const [source = '', type = '', options = ''] = line.split(' ');
    return `${20 + i} 1 8:${i} / ${point.replaceAll(' ', '\\040')} ${options},relatime shared:1 - ${type} ${source} rw`;
  }).join('\n'));
  write();
  writeFileSync(at('fstab'), `# comment\nUUID=3333 ${at('nas')} nfs defaults 0 0\n`);
  const source = new LinuxVolumes({ mountinfo: at('mountinfo'), byUuid: at('by-uuid'), fstab: at('fstab'), devices: at('dev') });
  return {
    at, volumes: new Volumes(source),
    mount: (point: string, line: string) => { table.set(point, line); write(); },
    unmount: (point: string) => { table.delete(point); write(); },
  };
}

it('finds a disk again under another path, and says when it is away', async () => {
  const { at, volumes, mount, unmount } = computer();
  mount(at('media/anna/Backup'), `${at('dev/sdb1')} ext4 rw`);
  const placement = await volumes.place(at('media/anna/Backup/holdfast/laptop'));
  expect(placement).toEqual({ volumeId: '2222-disk', path: 'holdfast/laptop' });
  if (!placement) throw new Error('unreachable');
  unmount(at('media/anna/Backup'));
  expect(await volumes.locate(placement)).toBe(null);
  mount(at('media/anna/Backup1'), `${at('dev/sdb1')} ext4 rw`);
  expect(await volumes.locate(placement)).toBe(at('media/anna/Backup1/holdfast/laptop'));
  rmSync(at('by-uuid/2222-disk'));
  expect(await volumes.locate(placement)).toBe(null);
});

it('gives no identity to folders of the system\'s own disk, and to network mounts', async () => {
  const { at, volumes, mount } = computer();
  expect(await volumes.place(at('home/backups'))).toBe(null);
  mount(at('nas'), 'nas:/volume1 nfs4 rw');
  expect(await volumes.place(at('nas/backups'))).toBe(null);
  expect(await volumes.caution(at('nas/backups'))).toMatch(/another computer's disk \(nfs4\)/);
  expect(await volumes.caution(at('home'))).toBe(null);
});

it('refuses the empty mount point of a disk that is away, and a disk that is read-only', async () => {
  const { at, volumes, mount } = computer();
  const missing = await failure(volumes.check(at('nas/backups')));
  expect(missing.code).toBe('destination-missing');
  expect(missing.message).toContain(`No disk is mounted at ${at('nas')}.`);
  expect((await failure(volumes.check('/media/anna/Backup/holdfast'))).message).toContain('No disk is mounted at /media/anna/Backup.');
  expect((await failure(volumes.check('/run/media/anna/Backup/x'))).code).toBe('destination-missing');
  await volumes.check(at('home/backups'));
  mount(at('nas'), 'nas:/volume1 nfs4 rw');
  expect(await volumes.check(at('nas/backups'))).toMatchObject({ kind: 'network' });
  mount(at('media/anna/Backup'), `${at('dev/sdb1')} ext4 ro`);
  expect((await failure(volumes.check(at('media/anna/Backup/x')))).code).toBe('permission-denied');
});

it('tells when something is mounted or unmounted', async () => {
  const { at, volumes, mount, unmount } = computer();
  const port: Disks = volumes; // it is the agent's port as it stands
  expect(port).toBe(volumes);
  let calls = 0;
  const next = (change: () => void): Promise<void> => new Promise((resolve) => {
    const before = calls;
    const timer = setInterval(() => {
      if (calls > before) {
        clearInterval(timer);
        resolve();
      }
    }, 2);
    setTimeout(change, 30);
  });
  const stop = volumes.watch(() => { calls++; }, 5);
  await next(() => mount(at('media/anna/Backup'), `${at('dev/sdb1')} ext4 rw`));
  await next(() => unmount(at('media/anna/Backup')));
  stop();
  expect(calls).toBe(2);
});

it('reads the kernel\'s table: escapes, nesting, network types', () => {
  const mounts = parseMountinfo('22 1 8:1 / / rw - ext4 /dev/sda1 rw\n30 22 8:17 / /media/My\\040Disk rw,nosuid shared:9 - vfat /dev/sdb1 ro\nnonsense\n31 30 0:50 /sub /media/My\\040Disk/in ro - btrfs /dev/sdc rw\n');
  expect(mounts).toHaveLength(3);
  expect(mountOf('/media/My Disk/a', mounts)).toMatchObject({ source: '/dev/sdb1', readOnly: true });
  expect(mountOf('/media/My Disk/in/b', mounts)).toMatchObject({ root: '/sub', type: 'btrfs' });
  expect(mountOf('/media/My Disky', mounts)).toMatchObject({ mountPoint: '/' });
  for (const type of ['nfs4', 'cifs', 'fuse.sshfs', 'smbfs']) expect(isNetwork(type)).toBe(true);
  for (const type of ['ext4', 'fuseblk', 'apfs', 'exfat', 'tmpfs']) expect(isNetwork(type)).toBe(false);
});

it('reads this computer', async () => {
  const volume = await new LinuxVolumes().of(tmpdir());
  expect(volume.mountPoint.startsWith('/')).toBe(true);
});

it('understands what macOS says', async () => {
  const plist = '<plist><dict><key>MountPoint</key><string>/Volumes/Tom &amp; Jerry</string><key>VolumeUUID</key>\n<string>AAAAAAAA-0000-1111-2222-BBBBBBBBBBBB</string><key>WritableVolume</key><true/></dict></plist>';
  const commands: string[] = [];
  const mac = new MacVolumes(async (program, args) => {
    commands.push([program, ...args].join(' '));
    if (program === '/bin/df') return 'Filesystem 512-blocks Used Available Capacity Mounted on\n/dev/disk4s1 1 1 1 7% /Volumes/Tom & Jerry\n';
    if (program === '/sbin/mount') return '/dev/disk4s1 on /Volumes/Tom & Jerry (apfs, local, nodev)\n//anna@nas/b on /Volumes/b (smbfs, nodev)\n';
    return Promise.resolve(plist);
  });
  expect(await mac.of('/')).toMatchObject({ id: 'AAAAAAAA-0000-1111-2222-BBBBBBBBBBBB', mountPoint: '/Volumes/Tom & Jerry', kind: 'disk', type: 'apfs', readOnly: false, system: false });
  expect(await mac.mountPointOf('AAAAAAAA-0000-1111-2222-BBBBBBBBBBBB')).toBe('/Volumes/Tom & Jerry');
  expect(await mac.mountPointOf('; rm')).toBe(null);
  await mac.eject('AAAAAAAA-0000-1111-2222-BBBBBBBBBBBB');
  expect(commands.at(-1)).toBe('/usr/sbin/diskutil eject /Volumes/Tom & Jerry');
  expect(mountPointFrom('x 1 1 1 100% /')).toBe('/');
  expect(typeFrom('//anna@nas/b on /Volumes/b (smbfs, nodev)', '/Volumes/b')).toBe('smbfs');
});

it('takes a folder for the system\'s own where a chroot leaves its root out of the table', async () => {
  const { at, volumes, unmount } = computer();
  unmount('/');
  expect(await volumes.place(at('home/repository'))).toBe(null);
});
