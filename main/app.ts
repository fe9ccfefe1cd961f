/**
 * The first file of an installed package. After `--` stands a command line, as packages start it (build/packaging/holdfast.sh):
 * it needs no display, so it is over before Chromium looks for one. Everything else is the app.
 */
const words = process.argv.indexOf('--');
if (words < 0) {
  await import('./desktop/main.js');
} else {
  const { runCommandLine } = await import('./cli/program.js');
  await runCommandLine(process.argv.slice(words + 1));
  await new Promise(() => undefined); // until what it printed is out, which ends the process
}
