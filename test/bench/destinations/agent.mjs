/** A program that stays, as the agent does: backs up each time it is told to, on a thread of its own. Orders come as lines of JSON. */
import { createInterface } from 'node:readline';
import process from 'node:process';
import { createEngine } from '../../../out/main/backup/index.js';

// between two scheduled runs the engine's thread has gone to rest
const engine = createEngine({ restAfter: 0 });
console.log('ready');
for await (const line of createInterface({ input: process.stdin })) {
  const { operation, request } = JSON.parse(line);
  const before = process.cpuUsage();
  const started = process.hrtime.bigint();
  try {
    await engine[operation](request, { onWarning: (text) => console.error(text) });
    const { user, system } = process.cpuUsage(before);
    console.log(JSON.stringify({ wall: Number(process.hrtime.bigint() - started) / 1e9, cpu: (user + system) / 1e6 }));
  } catch (error) {
    console.log(JSON.stringify({ error: error.message }));
  }
  await new Promise((resolve) => { setTimeout(resolve, 50); }); // the thread ends
}
await engine.close();
