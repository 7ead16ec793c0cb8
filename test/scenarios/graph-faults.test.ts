/**
 * Accumulator functions and graphs that hang, die and raise under a serving engine: records of the failures, and the
 * work that continues.
 */

import { describe, expect, it } from 'vitest'
import { ObservedRunner } from '../support/observed-runner.ts'

const OPTIONS = { config: { pollDeadlineMs: 1_500 } }
const SCRIPTS = ['graph_faults.py']

async function jobsOf({ runner }: ObservedRunner): Promise<unknown[]> {
  const firings = await runner.reactors.firings('worker', { limit: 1_000 })
  return firings.map(({ payloadText }) => (JSON.parse(payloadText) as { jobs: unknown }).jobs).reverse()
}

async function pushAll({ runner }: ObservedRunner, events: readonly string[]): Promise<void> {
  await Promise.all(events.map((event) => runner.sources.push('jobs', event)))
  await expect.poll(async () => (await runner.sources.get('jobs')).waiting).toBe(0)
}

describe('a source whose function fails for some events', () => {
  it('skips events that raise, hang or kill the interpreter, and emits all other events', async () => {
    await using served = await ObservedRunner.start(SCRIPTS, OPTIONS)

    await pushAll(served, ['a', 'raise', 'b', 'drop', 'hang', 'c', 'not json', 'd', 'die', 'e'])

    expect(await jobsOf(served)).toEqual(['a', 'b', 'c', 'd', 'e'])
    expect(await served.runner.sources.get('jobs')).toMatchObject({ dropped: 1, failed: 4, refused: 0 })
    const errors = served.log.filter(({ facts }) => facts?.source === 'jobs').map(({ message }) => message)
    expect(errors).toEqual([
      expect.stringContaining("skipped event 2: source 'jobs' raised exception: ValueError: this one is bad"),
      expect.stringContaining("source 'jobs' timed out: it exceeded its timeout of 1.5 s"),
      expect.stringContaining('unsupported type'),
      expect.stringContaining('The Python interpreter ended'),
    ])
  })

  it('awaits the coroutine of an async function', async () => {
    await using served = await ObservedRunner.start(SCRIPTS, OPTIONS)

    await served.runner.sources.push('awaited', 7)
    await expect.poll(async () => (await served.runner.graphs.get('work')).lastRun?.resultText).toContain('7')

    const { lastRun } = await served.runner.graphs.get('work')
    expect(JSON.parse(lastRun?.resultText ?? '')).toEqual({ job: null, awaited: { awaited: 7 } })
  })
})

describe('a graph that fails for some firings', () => {
  it('counts its failures, while other firings and other graphs run', async () => {
    await using served = await ObservedRunner.start(SCRIPTS, OPTIONS)

    await pushAll(served, ['a', 'graph raises', 'graph hangs', 'b'])
    await expect.poll(async () => (await served.runner.graphs.get('work')).runs).toBe(4)
    await expect.poll(async () => (await served.runner.graphs.get('beside')).runs).toBe(4)

    const work = await served.runner.graphs.get('work')
    expect(work).toMatchObject({ failures: 2, lastRun: { resultText: '{"job":"b","awaited":null}' } })
    expect((await served.runner.graphs.get('beside')).failures).toBe(0)
    const messages = served.log.filter(({ facts }) => facts?.graph === 'work').map(({ message }) => message)
    expect(messages).toEqual([
      expect.stringMatching(/graph 'work' failed for firing 2: .*node 'do' failed: KeyError: /),
      expect.stringContaining("graph 'work' failed for firing 3: graph 'work' timed out"),
    ])
  })

  it('runs in a new interpreter after it hung in C', async () => {
    await using served = await ObservedRunner.start(SCRIPTS, OPTIONS)

    await pushAll(served, ['graph hangs in C'])
    await expect.poll(async () => (await served.runner.graphs.get('work')).failures).toBe(1)
    await pushAll(served, ['after'])

    await expect.poll(async () => (await served.runner.graphs.get('work')).lastRun?.resultText).toContain('after')
    expect(await jobsOf(served)).toEqual(['graph hangs in C', 'after'])
  })
})

describe('a source with 10,000 events', () => {
  it('emits all of them while triggers are still polled', async () => {
    await using served = await ObservedRunner.start(SCRIPTS, OPTIONS)
    const before = served.events('tick', ({ trigger }) => trigger === 'beside_the_graphs').length

    for (let part = 0; part < 10; part++) {
      await Promise.all(Array.from({ length: 1_000 }, (_, index) => served.runner.sources.push('jobs', String(index))))
    }
    await expect.poll(async () => (await served.runner.sources.get('jobs')).waiting).toBe(0)

    expect((await served.runner.reactors.get('worker')).lastSequence).toBe(10_000)
    await served.until('tick', ({ trigger }) => trigger === 'beside_the_graphs', before + 5)
  })
})

describe('a polling accumulator', () => {
  it('is called once per interval, and emits every result except None', async () => {
    await using served = await ObservedRunner.start(SCRIPTS, OPTIONS)
    await expect.poll(async () => (await served.runner.reactors.get('counted')).lastSequence).toBeGreaterThan(2)

    const firings = await served.runner.reactors.firings('counted')
    expect(firings.map(({ payloadText }) => payloadText).slice(-2)).toEqual(['{"counter":4}', '{"counter":2}'])
    const polls = await served.runner.sources.polls('counter')
    expect(polls.map(({ outcome }) => outcome)).toEqual(expect.arrayContaining(['emitted', 'skipped']))
  })
})
