/** One backup of one source by the built engine, as the agent does it. Reads its order as JSON, prints what it took. */
import { readFileSync } from 'node:fs';
import { text } from 'node:stream/consumers';

const { createAgentEngine } = await import('../../../out/main/platform/engine/engine.js');
const { busyCompilers } = await import('../../../out/main/platform/engine/compilers.js');
const { createEngine } = await import('../../../out/main/backup/thread/engine.js');
const { password, repository, source } = JSON.parse(await text(process.stdin));
const logger = { log: (level, message) => console.error(level, message) };
const engine = createAgentEngine({ compilers: busyCompilers, open: () => Promise.resolve(createEngine()), logger, cacheFolder: `${repository}-cache`, sources: { env: process.env, password: () => Promise.resolve(password) } });
const access = { url: repository, password: 'bench' };
await engine.prepare(access);
/** Memory of the tools that run meanwhile, MB at most. */
let tools = 0;
const look = setInterval(() => {
  for (const id of readFileSync(`/proc/self/task/${process.pid}/children`, 'utf8').trim().split(' ').filter(Boolean)) {
    try {
      const peak = Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${id}/status`, 'utf8'))?.[1] ?? 0);
      tools = Math.max(tools, peak / 1024);
    } catch {
      // it has ended
    }
  }
}, 200);
const result = await engine.backup({ repository: access, sources: [source], host: 'bench', tags: [], gentle: false }, () => undefined, new AbortController().signal);
clearInterval(look);
const cpu = process.cpuUsage();
const peak = Number(/VmHWM:\s+(\d+)/.exec(readFileSync('/proc/self/status', 'utf8'))?.[1] ?? 0) / 1024;
console.log(JSON.stringify({ bytesProcessed: result.bytesProcessed, bytesAdded: result.bytesAdded, bytesStored: result.bytesStored, peakMb: Math.round(peak), toolsMb: Math.round(tools), cpuSeconds: (cpu.user + cpu.system) / 1e6 }));
await engine.close();
