// Preloaded into an interpreter's process: the first one of a test is ended by a signal before Python runs in it.
import { existsSync, writeFileSync } from 'node:fs'

const { KILLED_AT_START_BY: signal, KILLED_AT_START_ONCE: mark } = process.env
if (/[/\\]interpreter[/\\]entry\.[jt]s$/.test(process.argv[1] ?? '') && !existsSync(mark)) {
  writeFileSync(mark, '')
  process.kill(process.pid, signal)
  for (;;) {
    // until the signal is there
  }
}
