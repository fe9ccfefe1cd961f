// Asks the built product's secret store in a process of its own: libsecret keeps its bus for the life of a process.
import { openKeychain } from '../../../out/main/platform/secrets/keychain.js';
import { secretServiceState } from '../../../out/main/platform/secrets/secret-service.js';

const [method, name, value] = process.argv.slice(2);
const store = openKeychain({
  loadKeytar: async () => (await import('keytar')).default,
  state: () => secretServiceState(process.env),
  dataFolder: process.env['HOLDFAST_DATA'] ?? null,
});
try {
  console.log(JSON.stringify({ result: (await store[method](name, value)) ?? null }));
} catch (error) {
  console.log(JSON.stringify({ code: error.code, message: error.message }));
}
