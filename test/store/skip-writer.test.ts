/** Time at which the skips of polls are written: new skips within a second, repeated skips a tenth at a time. */

import { describe, expect, it } from 'vitest'
import type { SkippedTick } from '../../src/engine/triggers/poll-records.ts'
import { SkipBuffer, type SkipRun } from '../../src/store/skip-buffer.ts'
import { SkipWriter } from '../../src/store/skip-writer.ts'
import { runStep } from '../../src/store/sqlite/file/sqlite-session.ts'
import type { Session, Step } from '../../src/store/store-session.ts'
import { ManualClock } from '../support/manual-clock.ts'

const MANY = 10_000
/** Session of the steps in these tests, which do not use it. */
const NO_SESSION = {} as Session
const names = Array.from({ length: MANY }, (_, index) => `t${index}`)

/** Skip writer that collects the written runs of skips instead of storing them. */
class Written {
  readonly clock = new ManualClock()
  readonly writer: SkipWriter
  runs: [string, readonly SkipRun[]][] = []
  isLocked = false

  constructor() {
    const written = this
    this.writer = new SkipWriter(
      this.clock,
      async <Result>(_need: unknown, body: (session: Session) => Step<Result>) => {
        if (this.isLocked) throw new Error('database is locked')
        return runStep(body(NO_SESSION))
      },
      function* (_session, runs) {
        written.runs.push(...runs)
      },
    )
  }

  note(trigger: string, parts: Partial<SkippedTick> = {}): void {
    const at = this.clock.now()
    this.writer.note({ trigger, at, reason: null, latenessMs: 1, durationMs: 1, isFiring: false, ...parts })
  }

  /** Waits one second, and returns the runs that were written in it. */
  async second(): Promise<readonly [string, readonly SkipRun[]][]> {
    this.runs = []
    await this.clock.advance(1_000)
    return this.runs
  }
}

describe('skips that are buffered', () => {
  it('are written within a second, even for 10,000 triggers', async () => {
    const written = new Written()
    for (const name of names) written.note(name)

    expect(await written.second()).toHaveLength(MANY)
  })

  it('are written a tenth per second if they only repeat stored skips, and all within 10 s', async () => {
    const written = new Written()
    for (const name of names) written.note(name)
    await written.second()

    const counts = new Map<string, number>()
    for (let second = 0; second < 20; second++) {
      for (const name of names) written.note(name)
      const runs = await written.second()
      expect(runs).toHaveLength(MANY / 10)
      for (const [name, [run]] of runs) counts.set(name, (counts.get(name) ?? 0) + (run?.count ?? 0))
    }
    for (let second = 0; second < 9; second++) {
      for (const [name, [run]] of await written.second()) counts.set(name, (counts.get(name) ?? 0) + (run?.count ?? 0))
    }

    expect(counts.size).toBe(MANY)
    expect(new Set(counts.values())).toEqual(new Set([20]))
  })

  it.each([
    ['another reason', { reason: 'nothing new' }],
    ['another value of isFiring', { isFiring: true }],
  ])('are written within a second if they have %s, even if 10,000 other skips are buffered', async (_, parts) => {
    const written = new Written()
    for (const name of names) written.note(name)
    await written.second()

    for (const name of names) written.note(name)
    written.note('t9999', parts)

    expect((await written.second()).map(([name]) => name)).toContain('t9999')
  })

  it('are written within a second, as a new run, if their trigger has fired in between', async () => {
    const written = new Written()
    for (const name of names) written.note(name)
    await written.second()
    await written.writer.stepAfter('write', 't9999', function* () {})

    for (const name of names) written.note(name)

    expect((await written.second()).map(([name]) => name)).toContain('t9999')
  })

  it('are all written each second for 500 triggers', async () => {
    const written = new Written()
    const few = names.slice(0, 500)
    for (let second = 0; second < 3; second++) {
      for (const name of few) written.note(name)
      expect(await written.second()).toHaveLength(few.length)
    }
  })

  it('stay in the buffer while the database is locked, and are written afterwards', async () => {
    const written = new Written()
    written.note('t1')
    await written.second()
    written.isLocked = true
    written.note('t1')
    expect(await written.second()).toEqual([])
    written.isLocked = false
    written.note('t1')

    expect(await written.second()).toMatchObject([['t1', [{ count: 2 }]]])
  })

  it('keep the newest log after a failed write', () => {
    const skip = { trigger: 't1', reason: null, latenessMs: 1, durationMs: 1, isFiring: false }
    const buffer = new SkipBuffer()
    buffer.note({ ...skip, at: 1, log: 'first' })
    const taken = buffer.takeSome(1)
    buffer.note({ ...skip, at: 2, log: 'second' })

    buffer.putBack(taken)

    expect(buffer.take('t1').get('t1')).toMatchObject([{ count: 2, firstAt: 1, lastAt: 2, log: 'second' }])
  })
})
