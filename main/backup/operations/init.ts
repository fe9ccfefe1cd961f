/** Makes a repository, and tells what one is. */
import { userInfo } from 'node:os';
import { openBackend } from '../backend/open.js';
import { createRepository } from '../repository/repository.js';
import { configRequest, initRequest, type ConfigRequest, type Control, type InitRequest, type InitResult, type RepositoryConfig } from '../types.js';
import { asSentence, withRepository } from './session.js';

/** @throws `repository-exists` */
export async function init(request: InitRequest, control: Control = {}): Promise<InitResult> {
  const { repository: access, version, copyChunkerFrom } = initRequest.parse(request);
  const polynomial = copyChunkerFrom
    ? await withRepository(copyChunkerFrom, 'none', control, ({ repository }) => Promise.resolve(repository.config.polynomial)) : undefined;
  return asSentence(control.signal, async () => {
    const backend = openBackend(access);
    try {
      const { config } = await createRepository(backend, access.password, { user: userInfo().username }, {
        ...(version === undefined ? {} : { version }), ...(polynomial === undefined ? {} : { polynomial }),
      });
      return { message_type: 'initialized', id: config.id, repository: backend.location, version: config.version };
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
