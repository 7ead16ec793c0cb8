/** Log lines that name a function which blocks the event loop of the engine. */

import { mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { SystemClock } from '../../src/engine/system-clock.ts'
import { ModuleScripts } from '../../src/functions/module-scripts.ts'
import { Terminal } from '../support/cloaca-process.ts'
import { taskRequest } from './open-functions.ts'

const SCRIPT = `
import { setTimeout as sleep } from 'node:timers/promises'
import { workflow } from 'cloaca'

function compute() {
  const until = performance.now() + 1_800
  while (performance.now() < until);
}

export const orders = workflow('orders')
  .task('at_once', () => compute())
  .task('later', async () => {
    await sleep(1)
    compute()
  })
  .task('waits', () => sleep(3_000))
  .task('for_ever', () => { for (;;); })
`

const folder = realpathSync(mkdtempSync(join(tmpdir(), 'cloaca-blocking-')))
const path = join(folder, 'orders.ts')
const notices: string[] = []
let scripts: ModuleScripts

beforeAll(async () => {
  scripts = new ModuleScripts({
    clock: new SystemClock({ keepsProcessAlive: false, onTrouble: () => undefined }),
    printer: { print: () => undefined, ended: () => undefined, drain: () => Promise.resolve() },
    secrets: null,
    logLimits: { attemptBytes: 65_536, pollBytes: 65_536 },
    notice: (message) => void notices.push(message),
    ...({ stdoutTo: 'stderr', prefixes: false, memoryMebibytes: 64, loadDeadlineMs: 20_000 } as const),
    packageUrl: new URL('../../src/index.ts', import.meta.url).href,
    runner: () => null,
  })
  writeFileSync(path, SCRIPT)
  expect((await scripts.load('orders.ts', path)).fault).toBe(null)
})

afterAll(async () => {
  await scripts.close()
  rmSync(folder, { recursive: true })
})

const run = (taskId: string) => scripts.runTask({ ...taskRequest(), script: 'orders.ts', taskId })

it.each(['at_once', 'later'])('names the blocking task "%s", with its function and line', async (task) => {
  notices.length = 0
  // On a busy machine, the code of the test may be reported too.
  const ofTask = () => notices.find((notice) => notice.startsWith('task '))

  // Repeats until the block is reported, because the watching thread may not have started or may be delayed.
  while (ofTask() === undefined) {
    const innocent = run('waits')
    await run(task)
    await innocent
  }

  const suspects =
    task === 'at_once'
      ? "task 'at_once' of workflow 'orders'"
      : "task '(waits|later)' of workflow 'orders' or task '(waits|later)' of workflow 'orders'"
  expect(ofTask()).toMatch(
    new RegExp(
      `^${suspects} blocked the event loop for \\d+\\.\\d s in compute \\(${path}:7\\), ` +
        'so no other poll or task ran\\.',
    ),
  )
})

it('names an import that blocks forever in a timer, and the command that kills the process', async () => {
  await using terminal = new Terminal()
  terminal.write('endless.mjs', 'await new Promise(() => setTimeout(() => {\nfor (;;);\n}))')
  const loading = terminal.start(['serve', 'endless.mjs', '--db', ':memory:', '--no-http', '--load-timeout', '1s'])

  await loading.complains(`(${pathToFileURL(join(terminal.folder, 'endless.mjs'))}:2) has blocked the event loop for `)
  await loading.complains('kill -9 ')
  loading.kill('SIGKILL')
})

it('names a function that blocks the event loop forever, from a separate thread', async () => {
  await using terminal = new Terminal()
  terminal.write('orders.mjs', SCRIPT)
  const serving = terminal.start(['serve', 'orders.mjs', '--db', 'sqlite://orders.db'])
  await serving.logs('serving ')
  await terminal.run(['workflow', 'run', 'orders', '--db', 'sqlite://orders.db'])

  await serving.complains(
    `a function (${pathToFileURL(join(terminal.folder, 'orders.mjs'))}:17) has blocked the event loop for `,
  )
  serving.kill('SIGKILL')
})
