/**
 * Tells whoever started this process how it does, by sd_notify(3)'s protocol: datagrams to the socket that NOTIFY_SOCKET names
 * (https://www.freedesktop.org/software/systemd/man/sd_notify.html). systemd shows them, and so do container engines. Node has no
 * datagrams on Unix sockets, so the kernel is called through koffi, as for the lock. Linux only.
 */
import type { Env } from '../program.js';

/** @param state lines such as `READY=1`. What cannot be told is not told: nobody may be there to hear it. */
export type Notify = (state: Readonly<Record<string, string>>) => void;

const unixFamily = 1; // AF_UNIX
const datagram = 2 | 0o2000000; // SOCK_DGRAM | SOCK_CLOEXEC
const quietly = 0x4000; // MSG_NOSIGNAL

/** @returns a function that does nothing where nobody wants to know */
export async function openNotify(env: Env, platform = process.platform): Promise<Notify> {
  const address = env['NOTIFY_SOCKET'];
  if (platform !== 'linux' || address === undefined || !/^[@/]/.test(address)) return () => undefined;
  const { default: koffi } = await import('koffi');
  const library = koffi.load(null);
  const open: (family: number, type: number, protocol: number) => unknown = library.func('int socket(int family, int type, int protocol)');
  const send: (fd: number, data: Buffer, length: number, flags: number, to: Buffer, size: number) => unknown =
    library.func('long sendto(int fd, const void *data, size_t length, int flags, const void *to, uint32_t size)');
  const close: (fd: number) => unknown = library.func('int close(int fd)');
  const to = socketAddress(address);
  return (state) => {
    const fd = open(unixFamily, datagram, 0);
    if (typeof fd !== 'number' || fd < 0) return;
    const data = Buffer.from(Object.entries(state).map(([key, value]) => `${key}=${value.replace(/\s+/g, ' ')}\n`).join(''));
    send(fd, data, data.length, quietly, to, to.length);
    close(fd);
  };
}

/** unix(7): the family in the processor's own order, then a path with its end, or an abstract name without one. */
function socketAddress(address: string): Buffer {
  const family = new Uint8Array(new Uint16Array([unixFamily]).buffer);
  return Buffer.concat([family, Buffer.from(address.startsWith('@') ? `\0${address.slice(1)}` : `${address}\0`)]);
}
