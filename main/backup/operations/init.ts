/** Makes a repository, and tells what one is. */
import { userInfo } from 'node:os';
import { openBackend } from '../backend/open.js';
import { createRepository, hasConfig } from '../repository/repository.js';
import { configRequest, existsRequest, initRequest, type ConfigRequest, type Control, type ExistsRequest, type InitRequest, type InitResult, type RepositoryConfig } from '../types.js';
import { asSentence, withRepository } from './session.js';

/** @throws `repository-exists` */
export async function init(request: InitRequest, control: Control = {}): Promise<InitResult> {
  const { repository: access, version, copyChunkerFrom } = initRequest.parse(request);
  const polynomial = copyChunkerFrom
    ? await withRepository(copyChunkerFrom, 'none', control, ({ repository }) => Promise.resolve(repository.config.polynomial)) : undefined;
  return asSentence(control.signal, async () => {
    const backend = openBackend(access, control.onWarning, control.onTrace);
    try {
      const { config, keyId, keys } = await createRepository(backend, access.password, { user: userInfo().username }, {
        ...(version === undefined ? {} : { version }), ...(polynomial === undefined ? {} : { polynomial }),
      });
      control.openedKeys?.keep(keyId, access.password, keys);
      return { message_type: 'initialized', id: config.id, repository: backend.location, version: config.version };
    } finally {
      await backend.close();
    }
  });
}

export async function exists(request: ExistsRequest, control: Control = {}): Promise<{ exists: boolean }> {
  const { repository } = existsRequest.parse(request);
  return asSentence(control.signal, async () => {
    const backend = openBackend(repository, control.onWarning, control.onTrace);
    try {
      return { exists: await hasConfig(backend, control.signal) };
    } finally {
      await backend.close();
    }
  });
}

export async function config(request: ConfigRequest, control: Control = {}): Promise<RepositoryConfig> {
  return withRepository(configRequest.parse(request).repository, 'none', control, ({ repository }) => Promise.resolve({
    version: repository.config.version, id: repository.config.id, chunker_polynomial: repository.config.polynomial.toString(16),
  }));
}
