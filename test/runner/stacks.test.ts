/** Why nothing goes on: what each interpreter was asked, and what each suspended stack of Python waits for, with its frames. */

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

/** The lines that were logged of interpreters. */
const reports = () => observed.log.map(({ message }) => message).filter((message) => /^interpreter \d+:/.test(message))

/** Asks until Python is where it is wanted: the first that says so. */
async function reportWith(wanted: RegExp): Promise<string> {
  for (;;) {
    await observed.runner.logStacks()
    const report = reports().at(-1) ?? ''
    if (wanted.test(report)) return report
  }
}

it('says for each suspended stack who it is, what it waits for, and in which frames', async () => {
  void observed.runner.poll('sleeps').catch(() => undefined)
  void observed.runner.execute('patient').catch(() => undefined)

  const report = await reportWith(/in naps$/m)

  expect(report).toMatch(
    /^trigger 'sleeps' \(call \d+\) has waited \d+\.\d s for the end of a sleep\n {2}File ".*waiting\.py", line \d+, in sleeps\n {4}time\.sleep\(300\)$/m,
  )
  expect(report).toMatch(/^task 'joins' of workflow 'patient' \(call \d+\) has waited \d+\.\d s for an event/m)
  expect(report).toMatch(
    /^a thread of task 'joins' of workflow 'patient' \(call \d+\) has waited \d+\.\d s for the end of a sleep/m,
  )
  expect(report).toMatch(/line \d+, in naps$/m)
})

it('goes on with every wait after it has told of it', async () => {
  void observed.runner.poll('sleeps').catch(() => undefined)
  await reportWith(/^trigger 'sleeps' .* has waited .* for the end of a sleep/m)

  await observed.runner.logStacks()

  expect(reports().at(-1)).toMatch(/^trigger 'sleeps' \(call \d+\) has waited \d+\.\d s for the end of a sleep/m)
})

it('tells of what computes between two of its steps', async () => {
  void observed.runner.poll('computes').catch(() => undefined)

  expect(await reportWith(/^trigger 'computes' .* has waited .* for/m)).toMatch(/line \d+, in computes$/m)
})

it('is told when a stop takes longer than its grace', async () => {
  void observed.runner.execute('patient').catch(() => undefined)
  await observed.until('taskStarted')

  await observed.runner.close({ graceMs: 200 })

  expect(reports().join()).toContain("task 'joins' of workflow 'patient'")
})
