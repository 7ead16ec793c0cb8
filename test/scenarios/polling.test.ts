/** Polling of triggers that share one interpreter. */

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ObservedRunner } from '../support/observed-runner.ts'
import { type ScenarioDatabase, scenarioDatabase } from '../support/scenario-database.ts'

describe('polling', () => {
  let folder: string
  let database: ScenarioDatabase
  let served: ObservedRunner
  const ticksOf = (trigger: string) => served.events('tick', (tick) => tick.trigger === trigger)
  const moreTicks = (trigger: string, count: number) =>
    served.until('tick', (tick) => tick.trigger === trigger, ticksOf(trigger).length + count)

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'cloaca-polling-'))
    database = await scenarioDatabase(join(folder, 'polling.db'))
    served = await ObservedRunner.start(['polling.py'], { database: database.url })
  })
  afterAll(async () => {
    await served?.[Symbol.asyncDispose]()
    await database[Symbol.asyncDispose]()
    rmSync(folder, { recursive: true })
  })

  it('begins immediately, also with a long interval', async () => {
    const [run] = await served.runsOf('hourly')

    expect(run?.status).toBe('Completed')
    expect(ticksOf('hourly')).toHaveLength(1)
  })

  it('continues for other triggers while one trigger sleeps', async () => {
    await served.until('tick', ({ trigger }) => trigger === 'sleeper')
    const order = served.events('tick', ({ trigger }) => trigger === 'brisk' || trigger === 'sleeper')
    const beforeSleeperWoke = order.findIndex(({ trigger }) => trigger === 'sleeper')

    // The sleeper waits for twenty polls of the other trigger. The last of them may be reported after the sleeper's.
    expect(beforeSleeperWoke).toBeGreaterThanOrEqual(19)
  })

  it('never overlaps for one trigger, also when a poll takes longer than the interval', async () => {
    const [run] = await served.runsOf('longer_than_its_interval')

    expect(run?.context.most_inside).toBe(1)
  })

  it('reports an invalid result as an error with its type, and continues', async () => {
    const failed = await served.until('triggerFailed', ({ trigger }) => trigger === 'nonsense', 5)
    await served.until('tick', ({ trigger, outcome }) => trigger === 'nonsense' && outcome === 'skipped')

    expect(failed.map(({ error }) => error.message)).toEqual(
      ['NoneType', 'int', 'str', 'dict', 'Context'].map(
        (type) => `trigger 'nonsense' must return TriggerResult or bool, got ${type}`,
      ),
    )
  })

  it('continues after exceptions, which are logged and stored with their tracebacks', async () => {
    await served.runsOf('failing')
    const ticks = await served.runner.triggers.ticks('failing')
    const logged = served.log.filter(({ facts, level }) => facts?.trigger === 'failing' && level === 'error')

    expect(logged.map(({ message }) => message)).toEqual([
      "trigger 'failing' raised exception: ValueError: first",
      "trigger 'failing' raised exception: SystemExit: 3",
      "trigger 'failing' raised exception: KeyError: 'third'",
    ])
    expect(logged[2]?.traceback).toMatch(/polling\.py", line \d+, in failing\n {4}raise outcome\nKeyError: 'third'\n$/)
    expect(ticks.filter(({ outcome }) => outcome === 'failed')).toHaveLength(3)
  })

  it('stops immediately for a disabled trigger, also after a restart, and resumes when it is enabled', async () => {
    await served.runner.triggers.setEnabled('brisk', false)
    const whenDisabled = ticksOf('brisk').length
    await moreTicks('nonsense', 30)
    expect(ticksOf('brisk').length - whenDisabled).toBeLessThanOrEqual(1) // the poll that was running

    await served[Symbol.asyncDispose]()
    served = await ObservedRunner.start(['polling.py'], { database: database.url })
    await moreTicks('nonsense', 30)
    expect(ticksOf('brisk')).toEqual([])
    expect(await served.runner.triggers.get('brisk')).toMatchObject({ isEnabled: false, isLoaded: true })

    await served.runner.triggers.setEnabled('brisk', true)
    await moreTicks('brisk', 3)
  })
})
