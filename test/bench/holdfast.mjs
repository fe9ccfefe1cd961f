// One operation of the built engine as a process of its own, so that it is measured as the other programs are.
import { createLocalEngine } from '../../out/main/backup/index.js';

const [operation, url, path] = process.argv.slice(2);
const repository = { url, password: process.env.HOLDFAST_PASSWORD };
const engine = createLocalEngine();
switch (operation) {
  case 'init': await engine.init({ repository }); break;
  case 'backup': {
    const { error_count: count } = await engine.backup({ repository, paths: [path] });
    if (count > 0) console.error(`${count} files could not be read`);
    break;
  }
  case 'restore': {
    const { errors } = await engine.restore({ repository, snapshot: 'latest', target: path });
    if (errors.length > 0) throw new Error(errors[0].message);
    break;
  }
  case 'check': if (!(await engine.check({ repository, readData: true })).ok) throw new Error('damaged'); break;
  default: throw new Error('init, backup, restore or check');
}
