// Preload for a command: it prints that it waits, and starts only when the file in `BEGIN_WHEN` exists.
import { existsSync, writeSync } from 'node:fs'

const STDERR = 2
const PAUSE_MS = 5

if (/\/cli\/main\.[jt]s$/.test(process.argv[1] ?? '')) {
  const pause = new Int32Array(new SharedArrayBuffer(4))
  writeSync(STDERR, 'it waits\n')
  while (!existsSync(process.env.BEGIN_WHEN ?? '')) Atomics.wait(pause, 0, 0, PAUSE_MS)
}
