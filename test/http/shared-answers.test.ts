/** Expensive answers are shared: repeated requests cost the engine at most one answer per second. */

import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { SharedAnswers } from '../../src/http/shared-answers.ts'
import { httpHandler, Runner } from '../../src/index.ts'
import { HttpClient } from '../support/http-client.ts'
import { ManualClock } from '../support/manual-clock.ts'

describe('a shared answer', () => {
  it('is computed once a second for equal requests, and separately for different requests', async () => {
    const clock = new ManualClock()
    const shared = new SharedAnswers(clock)
    let made = 0
    const ask = (key: string) =>
      shared.get(key, async () => {
        made += 1
        return `${key} ${made}`
      })

    const first = await Promise.all([ask('/trend'), ask('/trend'), ask('/trend?bars=2')])
    await clock.advance(999)
    const later = await ask('/trend')
    await clock.advance(1)
    const expired = await ask('/trend')

    expect(first).toEqual(['/trend 1', '/trend 1', '/trend?bars=2 2'])
    expect(later).toBe('/trend 1')
    expect(expired).toBe('/trend 3')
  })

  it('is computed again after a failure', async () => {
    const shared = new SharedAnswers(new ManualClock())
    const failing = shared.get('/trend', () => Promise.reject(new Error('the disk is full')))

    await expect(failing).rejects.toThrow('the disk is full')
    expect(await shared.get('/trend', async () => 'made')).toBe('made')
  })

  it('is dropped after 100 other requests, to limit memory', async () => {
    const shared = new SharedAnswers(new ManualClock())
    let made = 0
    const ask = (key: string) =>
      shared.get(key, async () => {
        made += 1
        return made
      })

    await ask('oldest')
    for (let index = 0; index < 100; index++) await ask(`other ${index}`)

    expect(await ask('other 99')).toBe(101)
    expect(await ask('oldest')).toBe(102)
  })
})

describe('a flood of requests for a trend', () => {
  let runner: Runner
  let client: HttpClient
  beforeAll(async () => {
    runner = await Runner.open({ database: ':memory:', durability: 'normal' })
    client = await HttpClient.of(httpHandler(runner))
  })
  afterAll(() => runner.close())

  const steps = () => runner.measure().store.commits.read.steps

  it('reads the database once a second for equal requests, and once for a different request', async () => {
    const before = steps()
    const answers = await Promise.all(
      Array.from({ length: 100 }, () => client.get('/api/v1/executions/trend?bars=500')),
    )
    const flooded = steps()
    await client.get('/api/v1/executions/trend?bars=499')

    expect(new Set(answers.map(({ text }) => text)).size).toBe(1)
    // The measurement itself counts waits and approvals, and reads the limits.
    expect(flooded - before).toBeLessThanOrEqual(4)
    expect(steps() - flooded).toBe(1)
  })
})
