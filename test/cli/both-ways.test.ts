/** Commands that tests call in their own process print the same, and end with the same code, as in a new process. */

import { beforeEach, expect, it } from 'vitest'
import { isCallable } from '../support/command-call.ts'
import { steeredDatabases } from '../support/steered-database.ts'
import { declaration, newCron, START } from '../support/store-builders.ts'

const database = steeredDatabases()

beforeEach(async () => {
  const { store } = database()
  await store.saveTriggers([declaration()], START)
  await store.createCron(newCron({ workflow: 'report', expression: '0 2 * * *', triggerName: 'nightly' }))
})

it.each([
  { exitCode: 0, words: ['trigger', 'list', '--json'] },
  { exitCode: 0, words: ['trigger', 'show', 'inbox', '--utc'] },
  { exitCode: 0, words: ['execution', 'list', '--utc'] },
  { exitCode: 0, words: ['schedule', 'show', 'nightly', '--json'] },
  { exitCode: 0, words: ['instance', 'list'] },
  { exitCode: 0, words: ['limit', 'list', '--json'] },
  { exitCode: 0, words: ['alert', 'list', '--json'] },
  { exitCode: 0, words: ['config'] },
  { exitCode: 0, words: ['completion', 'bash'] },
  { exitCode: 0, words: ['trigger', '--help'] },
  { exitCode: 1, words: ['trigger', 'show', 'outbox'] },
  { exitCode: 1, words: ['execution', 'cancel', '5b9debd0'] },
  { exitCode: 2, words: ['trigger', 'list', '--jsn'] },
  { exitCode: 2, words: ['trigger', 'lst'] },
])('cloaca $words ends with $exitCode in both ways', async ({ words, exitCode }) => {
  const takesDatabase = !['config', 'completion', 'lst', '--help'].some((word) => words.includes(word))
  const given = takesDatabase ? [...words, '--db', database().path] : words
  const { terminal } = database()

  const called = await terminal.call(given)
  const started = await terminal.start(given).ended

  expect(isCallable(given)).toBe(true)
  expect(called).toEqual(started)
  expect(called.exitCode).toBe(exitCode)
  expect(called.stdout + called.stderr).not.toBe('')
})
