/** Reports of `logStacks`: the calls of each interpreter, and the wait and frames of each suspended Python stack. */

import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { ObservedRunner } from '../support/observed-runner.ts'

const SCRIPT = join(import.meta.dirname, 'scripts', 'waiting.py')

let observed: ObservedRunner
beforeEach(async () => {
  observed = await ObservedRunner.open()
  await observed.runner.load(SCRIPT)
})
afterEach(async () => {
  await observed.runner.close({ graceMs: 0 })
})

/** Returns the logged lines about interpreters. */
const reports = () => observed.log.map(({ message }) => message).filter((message) => /^interpreter \d+:/.test(message))

/** Logs stacks until a report matches, and returns that report. */
async function reportWith(wanted: RegExp): Promise<string> {
  for (;;) {
    await observed.runner.logStacks()
    const report = reports().at(-1) ?? ''
    if (wanted.test(report)) return report
  }
}

it('reports the task or trigger, the wait and the frames of each suspended stack', async () => {
  void observed.runner.poll('sleeps').catch(() => undefined)
  void observed.runner.execute('patient').catch(() => undefined)

  const report = await reportWith(/in naps$/m)

  expect(report).toMatch(
    new RegExp(
      "^trigger 'sleeps' \\(call \\d+\\) has waited \\d+\\.\\d s for the end of a sleep\\n" +
        ' {2}File ".*waiting\\.py", line \\d+, in sleeps\\n {4}time\\.sleep\\(300\\)$',
      'm',
    ),
  )
  expect(report).toMatch(/^task 'joins' of workflow 'patient' \(call \d+\) has waited \d+\.\d s for an event/m)
  expect(report).toMatch(
    /^a thread of task 'joins' of workflow 'patient' \(call \d+\) has waited \d+\.\d s for the end of a sleep/m,
  )
  expect(report).toMatch(/line \d+, in naps$/m)
})

it('leaves every reported wait suspended', async () => {
  void observed.runner.poll('sleeps').catch(() => undefined)
  await reportWith(/^trigger 'sleeps' .* has waited .* for the end of a sleep/m)

  await observed.runner.logStacks()

  expect(reports().at(-1)).toMatch(/^trigger 'sleeps' \(call \d+\) has waited \d+\.\d s for the end of a sleep/m)
})

it('reports a trigger that computes without waiting', async () => {
  void observed.runner.poll('computes').catch(() => undefined)

  expect(await reportWith(/^trigger 'computes' .* has waited .* for/m)).toMatch(/line \d+, in computes$/m)
})

it('logs the stacks when a stop takes longer than its grace period', async () => {
  void observed.runner.execute('patient').catch(() => undefined)
  await reportWith(/^task 'joins' of workflow 'patient'/m)
  const before = reports().length

  await observed.runner.close({ graceMs: 200 })

  expect(reports().slice(before).join()).toContain("task 'joins' of workflow 'patient'")
})
