/**
 * How the engine grows: a folder of a tenth, and then of all of so many entries; first backup, unchanged second backup, and check.
 * The files are hard links of a few small ones, so that they are made quickly; to the engine each is a file of its own, which it
 * looks at, opens, reads, hashes and names in a tree.
 *
 *   npm run build && node test/bench/million.mjs [--entries 1000000] [--folder FOLDER]
 */
import { spawnSync } from 'node:child_process';
import { linkSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

const { values } = parseArgs({ options: { entries: { type: 'string', default: '1000000' }, folder: { type: 'string', default: tmpdir() } } });
const entries = Number(values.entries);
const perFolder = 1000;
/** File systems allow some 65,000 names of one file. */
const namesOfOne = 20_000;
const engine = new URL('../../out/main/backup/index.js', import.meta.url).href;

/** @returns CPU seconds and peak memory of a process that does one thing with the engine, on all of its threads */
function measure(operation, request) {
  const script = `
    import { createEngine } from ${JSON.stringify(engine)};
    const engine = createEngine();
    const started = performance.now();
    const result = await engine[${JSON.stringify(operation)}](${JSON.stringify(request)});
    const wall = (performance.now() - started) / 1000;
    await engine.close();
    const { userCPUTime, systemCPUTime, maxRSS } = process.resourceUsage();
    const { errors: _, ...counts } = result;
    console.log(JSON.stringify({ counts, wall, cpu: (userCPUTime + systemCPUTime) / 1e6, memory: maxRSS / 1024 }));`;
  const { status, stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8', maxBuffer: 1e8 });
  if (status !== 0) throw new Error(`${operation} failed: ${stderr}`);
  return JSON.parse(stdout.trim().split('\n').at(-1));
}

function makeTree(root, count) {
  let link = '';
  for (let made = 0; made < count; made++) {
    if (made % namesOfOne === 0) {
      link = join(root, `content ${made / namesOfOne}`);
      mkdirSync(root, { recursive: true });
      writeFileSync(link, `file number ${made / namesOfOne}\n`);
    }
    const folder = join(root, `folder ${Math.floor(made / perFolder)}`);
    if (made % perFolder === 0) mkdirSync(folder);
    linkSync(link, join(folder, `entry-${made}.txt`));
  }
}

const place = mkdtempSync(join(values.folder, 'holdfast-million-'));
try {
  const rows = [];
  for (const count of [entries / 10, entries]) {
    const source = join(place, `source-${count}`);
    const repository = { url: join(place, `repository-${count}`), password: 'bench', cacheFolder: false };
    process.stderr.write(`making ${count} entries\n`);
    makeTree(source, count);
    measure('init', { repository });
    for (const [name, operation, request] of [
      ['first backup', 'backup', { repository, paths: [source] }],
      ['unchanged', 'backup', { repository, paths: [source] }],
      ['check', 'check', { repository }],
    ]) {
      process.stderr.write(`${name} of ${count}\n`);
      const { counts, cpu, memory, wall } = measure(operation, request);
      if (counts.error_count !== 0) throw new Error(`${name}: ${JSON.stringify(counts)}`);
      rows.push({ name, count, cpu, memory, wall });
    }
    rmSync(source, { recursive: true });
    rmSync(repository.url, { recursive: true });
  }
  console.log('| operation | entries | CPU s | s | peak MiB | CPU µs an entry |\n| --- | --- | --- | --- | --- | --- |');
  for (const { name, count, cpu, memory, wall } of rows) console.log(`| ${name} | ${count.toLocaleString('en')} | ${cpu.toFixed(1)} | ${wall.toFixed(1)} | ${memory.toFixed(0)} | ${((cpu / count) * 1e6).toFixed(0)} |`);
} finally {
  rmSync(place, { recursive: true, force: true });
}
