/**
 * Accumulator functions and graphs that hang, die and raise under a serving engine: records of the failures, and the
 * work that continues.
 */

import { describe, expect, it } from 'vitest'
import { withGrowingLimit } from '../support/growing-limit.ts'
import { ObservedRunner } from '../support/observed-runner.ts'

/** Time limit of a call that hangs, unless the machine is so busy that other calls exceed it, too. */
const HANG_LIMIT_MS = 1_500
const SCRIPTS = ['graph_faults.py']

async function jobsOf({ runner }: ObservedRunner): Promise<unknown[]> {
  const firings = await runner.reactors.firings('worker', { limit: 1_000 })
  return firings.map(({ payloadText }) => (JSON.parse(payloadText) as { jobs: unknown }).jobs).reverse()
}

async function pushAll({ runner }: ObservedRunner, events: readonly string[]): Promise<void> {
  await Promise.all(events.map((event) => runner.sources.push('jobs', event)))
  await expect.poll(async () => (await runner.sources.get('jobs')).waiting).toBe(0)
}

/** Waits until the graphs have run for all firings. */
async function graphsRan({ runner }: ObservedRunner): Promise<void> {
  await expect
    .poll(async () => {
      const { lastSequence } = await runner.reactors.get('worker')
      const graphs = [await runner.graphs.get('work'), await runner.graphs.get('beside')]
      return graphs.every(({ runs }) => runs === lastSequence)
    })
    .toBe(true)
}

/** Starts a runner for events. One event hangs. Doubles the time limit until no other call exceeds it. */
async function servedWithOneTimeout(
  steps: (served: ObservedRunner) => Promise<void>,
): Promise<{ readonly served: ObservedRunner; readonly limitMs: number }> {
  const { result, limitMs } = await withGrowingLimit(
    HANG_LIMIT_MS,
    async (pollDeadlineMs) => {
      const served = await ObservedRunner.start(SCRIPTS, { config: { pollDeadlineMs } })
      try {
        await steps(served)
        return served
      } catch (error) {
        await served[Symbol.asyncDispose]()
        throw error
      }
    },
    async (served) => {
      const timeouts = served.log.filter(
        ({ facts, message }) => (facts?.source ?? facts?.graph) !== undefined && message.includes('timed out'),
      )
      if (timeouts.length === 1) return true
      await served[Symbol.asyncDispose]()
      return false
    },
  )
  return { served: result, limitMs }
}

describe('a source whose function fails for some events', () => {
  it('skips events that raise, hang or kill the interpreter, and emits all other events', async () => {
    const events = ['a', 'raise', 'b', 'drop', 'hang', 'c', 'not json', 'd', 'die', 'e']
    const { served: opened, limitMs } = await servedWithOneTimeout((each) => pushAll(each, events))
    await using served = opened

    expect(await jobsOf(served)).toEqual(['a', 'b', 'c', 'd', 'e'])
    expect(await served.runner.sources.get('jobs')).toMatchObject({ dropped: 1, failed: 4, refused: 0 })
    const errors = served.log.filter(({ facts }) => facts?.source === 'jobs').map(({ message }) => message)
    expect(errors).toEqual([
      expect.stringContaining("skipped event 2: source 'jobs' raised exception: ValueError: this one is bad"),
      expect.stringContaining(`source 'jobs' timed out: it exceeded its timeout of ${limitMs / 1_000} s`),
      expect.stringContaining('unsupported type'),
      expect.stringContaining('The Python interpreter ended'),
    ])
  })

  it('awaits the coroutine of an async function', async () => {
    await using served = await ObservedRunner.start(SCRIPTS)

    await served.runner.sources.push('awaited', 7)
    await expect.poll(async () => (await served.runner.graphs.get('work')).lastRun?.resultText).toContain('7')

    const { lastRun } = await served.runner.graphs.get('work')
    expect(JSON.parse(lastRun?.resultText ?? '')).toEqual({ job: null, awaited: { awaited: 7 } })
  })
})

describe('a graph that fails for some firings', () => {
  it('counts its failures, while other firings and other graphs run', async () => {
    const { served: opened } = await servedWithOneTimeout(async (each) => {
      await pushAll(each, ['a', 'graph raises', 'graph hangs', 'b'])
      await graphsRan(each)
    })
    await using served = opened

    const work = await served.runner.graphs.get('work')
    expect(work).toMatchObject({ runs: 4, failures: 2, lastRun: { resultText: '{"job":"b","awaited":null}' } })
    expect(await served.runner.graphs.get('beside')).toMatchObject({ runs: 4, failures: 0 })
    const messages = served.log.filter(({ facts }) => facts?.graph === 'work').map(({ message }) => message)
    expect(messages).toEqual([
      expect.stringMatching(/graph 'work' failed for firing 2: .*node 'do' failed: KeyError: /),
      expect.stringContaining("graph 'work' failed for firing 3: graph 'work' timed out"),
    ])
  })

  it('runs in a new interpreter after it hung in C', async () => {
    const { served: opened } = await servedWithOneTimeout(async (each) => {
      for (const event of ['graph hangs in C', 'after']) {
        await pushAll(each, [event])
        await graphsRan(each)
      }
    })
    await using served = opened

    const { failures, lastRun } = await served.runner.graphs.get('work')
    expect(failures).toBe(1)
    expect(lastRun?.resultText).toContain('after')
    expect(await jobsOf(served)).toEqual(['graph hangs in C', 'after'])
  })
})

describe('a source with 10,000 events', () => {
  it('emits all of them while triggers are still polled', async () => {
    await using served = await ObservedRunner.start(SCRIPTS)
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
    await using served = await ObservedRunner.start(SCRIPTS)
    await expect.poll(async () => (await served.runner.reactors.get('counted')).lastSequence).toBeGreaterThan(2)

    const firings = await served.runner.reactors.firings('counted', { limit: 1_000 })
    expect(firings.map(({ payloadText }) => payloadText).slice(-2)).toEqual(['{"counter":4}', '{"counter":2}'])
    const polls = await served.runner.sources.polls('counter')
    expect(polls.map(({ outcome }) => outcome)).toEqual(expect.arrayContaining(['emitted', 'skipped']))
  })
})
