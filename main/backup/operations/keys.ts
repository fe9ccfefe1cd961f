/** Keys: each password has one, and all open the same repository. */
import { hostname, userInfo } from 'node:os';
import { HoldfastError } from '../../shared/errors.js';
import { hashOf, shortId, type Id } from '../format/id.js';
import { makeKeyFile, parseKeyFile } from '../format/key.js';
import { nameOf } from '../repository/repository.js';
import { keyAddRequest, keyListRequest, keyPasswdRequest, keyRemoveRequest, type Control, type KeyAddRequest, type KeyInfo, type KeyListRequest, type KeyPasswdRequest, type KeyRemoveRequest } from '../types.js';
import { withRepository, type Session } from './session.js';

async function infoOf({ repository, signal }: Session, id: Id): Promise<KeyInfo> {
  const handle = { kind: 'keys', name: id } as const;
  const file = parseKeyFile(await repository.loadRaw(handle, signal), nameOf(handle));
  return { id, current: id === repository.keyId, userName: file.username, hostName: file.hostname, created: file.created };
}

export async function keyList(request: KeyListRequest, control: Control = {}): Promise<KeyInfo[]> {
  return withRepository(keyListRequest.parse(request).repository, 'shared', control, async (session) => {
    const keys: KeyInfo[] = [];
    for (const id of await session.repository.ids('keys', session.signal)) keys.push(await infoOf(session, id));
    return keys;
  });
}

async function add(session: Session, password: string, who: { user?: string | undefined; host?: string | undefined }): Promise<KeyInfo> {
  const { repository, signal } = session;
  const bytes = await makeKeyFile(repository.keys, password, { user: who.user ?? userInfo().username, host: who.host ?? hostname() }, repository.kernel);
  const id = hashOf(bytes);
  await repository.backend.save({ kind: 'keys', name: id }, bytes, signal);
  return infoOf(session, id);
}

export async function keyAdd(request: KeyAddRequest, control: Control = {}): Promise<KeyInfo> {
  const parsed = keyAddRequest.parse(request);
  return withRepository(parsed.repository, 'shared', control, (session) => add(session, parsed.newPassword, parsed));
}

/** @throws `usage` for the key in use, `not-found` */
export async function keyRemove(request: KeyRemoveRequest, control: Control = {}): Promise<{ removed: string }> {
  const parsed = keyRemoveRequest.parse(request);
  return withRepository(parsed.repository, 'exclusive', control, async ({ repository, signal }) => {
    const found = (await repository.ids('keys', signal)).filter((id) => id.startsWith(parsed.id));
    const [id] = found;
    if (id === undefined) throw new HoldfastError('not-found', `There is no key ${parsed.id}. List the keys to see them.`);
    if (found.length > 1) throw new HoldfastError('usage', `${parsed.id} is the start of ${found.length} key IDs. Give more of it.`);
    if (id === repository.keyId) throw new HoldfastError('usage', `Key ${shortId(id)} is the one in use. Open the repository with another password to remove it.`);
    await repository.backend.remove({ kind: 'keys', name: id }, signal);
    return { removed: id };
  });
}

/** The new key is there before the old one goes. */
export async function keyPasswd(request: KeyPasswdRequest, control: Control = {}): Promise<KeyInfo> {
  const parsed = keyPasswdRequest.parse(request);
  return withRepository(parsed.repository, 'exclusive', control, async (session) => {
    const info = await add(session, parsed.newPassword, {});
    await session.repository.backend.remove({ kind: 'keys', name: session.repository.keyId }, session.signal);
    return { ...info, current: true };
  });
}
