/** When skips are written that polls made: what is new within a second, and what only lengthens a run a part at a time. */

import { describe, expect, it } from 'vitest'
import type { SkippedTick } from '../../src/engine/ports.ts'
import type { Session, Step } from '../../src/store/session.ts'
import { SkipBuffer, type SkipRun } from '../../src/store/skip-buffer.ts'
import { SkipWriter } from '../../src/store/skip-writer.ts'
import { finish } from '../../src/store/sqlite/file/session.ts'
import { FakeClock } from '../support/fake-clock.ts'

const MANY = 10_000
/** The steps of these tests use no session. */
const NO_SESSION = {} as Session
const names = Array.from({ length: MANY }, (_, index) => `t${index}`)

/** A store that remembers which runs were written in which second. */
class Written {
  readonly clock = new FakeClock()
  readonly writer: SkipWriter
  runs: [string, readonly SkipRun[]][] = []
  isLocked = false

  constructor() {
    const written = this
    this.writer = new SkipWriter(
      this.clock,
      async <Result>(_need: unknown, body: (session: Session) => Step<Result>) => {
        if (this.isLocked) throw new Error('database is locked')
        return finish(body(NO_SESSION))
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

  /** What is written in the next second. */
  async second(): Promise<readonly [string, readonly SkipRun[]][]> {
    this.runs = []
    await this.clock.advance(1_000)
    return this.runs
  }
}

describe('skips that are buffered', () => {
  it('are written within a second of the first, also those of thousands of triggers', async () => {
    const written = new Written()
    for (const name of names) written.note(name)

    expect(await written.second()).toHaveLength(MANY)
  })

  it('are written a tenth at a time where thousands only lengthen what is written, and none is lost or kept for longer than 10 s', async () => {
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
    ['another answer to whether it would fire', { isFiring: true }],
  ])('are written within a second when they have %s, however many others wait', async (_, parts) => {
    const written = new Written()
    for (const name of names) written.note(name)
    await written.second()

    for (const name of names) written.note(name)
    written.note('t9999', parts)

    expect((await written.second()).map(([name]) => name)).toContain('t9999')
  })

  it('of a trigger that fired in between begin a run, and are written within a second', async () => {
    const written = new Written()
    for (const name of names) written.note(name)
    await written.second()
    await written.writer.stepAfter('write', 't9999', function* () {})

    for (const name of names) written.note(name)

    expect((await written.second()).map(([name]) => name)).toContain('t9999')
  })

  it('of a few hundred triggers are all written each second', async () => {
    const written = new Written()
    const few = names.slice(0, 500)
    for (let second = 0; second < 3; second++) {
      for (const name of few) written.note(name)
      expect(await written.second()).toHaveLength(few.length)
    }
  })

  it('stay in the buffer while the database is locked, and go in when it is free', async () => {
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

  it('keep the newest log after a write that failed', () => {
    const skip = { trigger: 't1', reason: null, latenessMs: 1, durationMs: 1, isFiring: false }
    const buffer = new SkipBuffer()
    buffer.note({ ...skip, at: 1, log: 'first' })
    const taken = buffer.takeSome(1)
    buffer.note({ ...skip, at: 2, log: 'second' })

    buffer.putBack(taken)

    expect(buffer.take('t1').get('t1')).toMatchObject([{ count: 2, firstAt: 1, lastAt: 2, log: 'second' }])
  })
})
