import { expect, it } from 'vitest'
import { skip } from '../../src/authoring/poll-answers.ts'
import { NO_LIMIT_MS, openFunctions, SCRIPT } from './open-functions.ts'

it('does not call a function after its start limit', async () => {
  using functions = openFunctions()
  const { host, clock } = functions
  const calls: string[] = []
  const startLimit = { until: clock.monotonic() + 100 }
  const run = () => functions.run(() => void calls.push('task'), { startLimit })
  const poll = async () => {
    await functions.poll(() => {
      calls.push('poll')
      return skip()
    })
    calls.pop()
    return host.poll({ script: SCRIPT, trigger: 'inbox', deadlineMs: NO_LIMIT_MS, startLimit })
  }
  await clock.advance(99)
  expect([(await run()).kind, (await poll()).kind, calls]).toEqual(['completed', 'skipped', ['task', 'poll']])

  await clock.advance(1)

  expect([await run(), await poll()]).toEqual(Array(2).fill({ kind: 'notStarted', isLate: true }))
  expect(calls).toEqual(['task', 'poll'])
})
