/** Answers that cost much are shared: a reader who asks again and again costs the engine no more than one answer a second. */

import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { SharedAnswers } from '../../src/http/shared-answers.ts'
import { httpHandler, Runner } from '../../src/index.ts'
import { FakeClock } from '../support/fake-clock.ts'
import { HttpClient } from '../support/http-client.ts'

describe('a shared answer', () => {
  it('is made once a second for equal requests, and apart for others', async () => {
    const clock = new FakeClock()
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

  it('is made again after a failure', async () => {
    const shared = new SharedAnswers(new FakeClock())
    const failing = shared.get('/trend', () => Promise.reject(new Error('the disk is full')))

    await expect(failing).rejects.toThrow('the disk is full')
    expect(await shared.get('/trend', async () => 'made')).toBe('made')
  })

  it('is forgotten after 100 other requests, so that they take no memory', async () => {
    const shared = new SharedAnswers(new FakeClock())
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

  it('reads the database once a second, and once for each other question', async () => {
    const before = steps()
    const answers = await Promise.all(
      Array.from({ length: 100 }, () => client.get('/api/v1/executions/trend?bars=500')),
    )
    const flooded = steps()
    await client.get('/api/v1/executions/trend?bars=499')

    expect(new Set(answers.map(({ text }) => text)).size).toBe(1)
    expect(flooded - before).toBeLessThanOrEqual(3)
    expect(steps() - flooded).toBe(1)
  })
})
