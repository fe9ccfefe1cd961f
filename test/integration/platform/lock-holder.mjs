// Holds the lock of a file until it is killed.
import { lockFolder } from '../../../out/main/platform/lock/lock.js';

const lock = await lockFolder(process.argv[2]);
console.log(lock === null ? 'refused' : 'held');
if (lock !== null) setInterval(() => undefined, 1_000);
