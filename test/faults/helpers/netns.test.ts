/** The network that other tests lean on: what it says it does, it does. */
import { expect, it, onTestFinished } from 'vitest';
import { start } from '../../helpers/processes.js';
import { cable, Namespace } from '../../helpers/netns.js';

const listen = `const server = require('net').createServer((socket) => { socket.end(socket.remoteAddress); });
server.listen(0, process.argv[1], () => console.log('port ' + server.address().port));`;
const ask = `const socket = require('net').connect(Number(process.argv[2]), process.argv[1]);
socket.on('data', (text) => console.log('I am ' + text)).on('error', (error) => console.log(error.code));
setTimeout(() => process.exit(), 5000).unref();`;

it('a computer behind a router is seen as the router, and a pulled cable is pulled', async () => {
  const [home, router, world] = [new Namespace(), new Namespace(), new Namespace()];
  onTestFinished(() => { for (const space of [home, router, world]) space.remove(); });
  const [inner, gate] = cable(home, router);
  const [outer, far] = cable(router, world);
  home.route(gate);
  router.masquerade(outer);
  outer.limit(2_000_000);
  far.lose(0.05);
  const server = start(...world.inside(process.execPath, '-e', listen, far.address));
  const [, port = ''] = await server.line(/^port (\d+)/);
  const client = start(...home.inside(process.execPath, '-e', ask, far.address, port));
  expect((await client.line(/I am (.*)/))[1]).toBe(outer.address);
  inner.plug(false);
  const lost = start(...home.inside(process.execPath, '-e', ask, far.address, port));
  await lost.line(/ENETUNREACH/);
});
