#!/usr/bin/env node
/** The `holdfast` command: plain Node, no window. Each command's work is loaded when it is called. */
import { runCommandLine } from './program.js';

await runCommandLine(process.argv.slice(2));
