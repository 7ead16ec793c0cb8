// Preload for an interpreter's process: a signal ends the first process of a test before Python runs.
import { existsSync, writeFileSync } from 'node:fs'

const { KILLED_AT_START_BY: signal, KILLED_AT_START_ONCE: mark } = process.env
if (/[/\\]interpreter[/\\]entry\.[jt]s$/.test(process.argv[1] ?? '') && !existsSync(mark)) {
  writeFileSync(mark, '')
  process.kill(process.pid, signal)
  for (;;) {
    // waits for the signal
  }
}
