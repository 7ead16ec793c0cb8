/**
 * Process of an engine with one interpreter, which a test suspends: runs a task of `run_limits.py` with a limit. The
 * limit is moved every 100 ms. Arguments: `pyodide` or the executable of CPython, the task, its input, and the length
 * of the limit in milliseconds. Prints the process id of the interpreter, then the outcome.
 */

import { existsSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { MovableRunLimit } from './movable-run-limit.ts'
import { NO_MEMORY, NO_SLOT, NO_VIEW, OpenHost } from './open-host.ts'

const SCRIPT = fileURLToPath(new URL('./run_limits.py', import.meta.url))
/** Tasks that a cancel stops. */
const STOPPABLE: ReadonlySet<string> = new Set(['computes', 'sleeps', 'waits'])
const [python = '', taskId = '', inputText = '', limitMs = ''] = process.argv.slice(2)

await using opened = await OpenHost.open([SCRIPT], 1, {
  python: python === 'pyodide' ? { kind: 'pyodide' } : { kind: 'cpython', executable: python },
})
const request = {
  ...{ script: SCRIPT, workflow: 'limited', taskId, attempt: 1, deadlineMs: 600_000 },
  ...{ slot: NO_SLOT, view: NO_VIEW, memory: NO_MEMORY },
}
// The code that cleans up is slow when it runs first, and it has only 200 ms.
if (STOPPABLE.has(taskId)) {
  const { file, ...input } = JSON.parse(inputText) as { readonly file: string }
  const first = `${file}.first`
  const stopped = opened.host.calls.runTask({
    ...request,
    executionId: 'first',
    inputText: JSON.stringify({ ...input, file: first }),
  })
  while (!existsSync(first)) await sleep(10)
  opened.host.calls.cancelTasks('first')
  await stopped
}
const runLimit = new MovableRunLimit(Number(limitMs))
setInterval(() => runLimit.move(Number(limitMs)), 100).unref()
const outcome = await opened.host.calls.runTask({ ...request, executionId: 'e', inputText, runLimit })
process.stdout.write(`${JSON.stringify(outcome)}\n`)
