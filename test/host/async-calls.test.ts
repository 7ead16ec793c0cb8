/** Event loop that the async triggers and tasks of a script share, and that continues after each of them. */

import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { type AddressInfo, createServer, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { Watchdog } from '../../src/host/process/watchdog.ts'
import type { PollOutcome } from '../../src/model/trigger.ts'
import { withGrowingLimit } from '../support/growing-limit.ts'
import { OpenHost } from '../support/open-host.ts'
import { SkippingClock } from '../support/skipping-clock.ts'

const SCRIPT = fileURLToPath(new URL('./async_calls.py', import.meta.url))
const DEADLINE_MS = 150
/** Longer than the usual 2 s, which an interpreter on a busy machine needs to stop a call. */
const KILL_AFTER_MS = 30_000

describe('the event loop of a script', () => {
  let folder: string
  const clock = new SkippingClock()
  let python: OpenHost
  let echo: Server
  let connections = 0
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'cloaca-async-calls-'))
    echo = createServer((socket) => {
      connections += 1
      socket.pipe(socket).on('error', () => {})
    })
    await once(echo.listen(0, '127.0.0.1'), 'listening')
    process.env.ASYNC_CALLS_PORT = String((echo.address() as AddressInfo).port)
    process.env.ASYNC_CALLS_LOG = join(folder, 'log')
    python = await OpenHost.open([SCRIPT], 1, { clock, killAfterMs: KILL_AFTER_MS })
  })
  afterAll(async () => {
    await python?.[Symbol.asyncDispose]()
    echo?.close()
    await rm(folder, { recursive: true, force: true })
  })

  const poll = (trigger: string, deadlineMs?: number): Promise<PollOutcome> => python.poll(SCRIPT, trigger, deadlineMs)
  /** Polls until the deadline has passed after the trigger began. */
  async function overdue(trigger: string): Promise<{ readonly outcome: PollOutcome; readonly seconds: number }> {
    const { result, limitMs } = await withGrowingLimit(
      DEADLINE_MS,
      (deadlineMs) => poll(trigger, deadlineMs),
      (outcome) => outcome.kind !== 'timedOut' || outcome.error.traceback !== '' || python.quarantines.length > 0,
    )
    return { outcome: result, seconds: limitMs / 1000 }
  }
  async function fired(trigger: string): Promise<Record<string, unknown>> {
    const outcome = await poll(trigger)
    return JSON.parse(outcome.kind === 'fired' ? (outcome.firings[0]?.contextText ?? '') : JSON.stringify(outcome))
  }
  /** Returns the id of the event loop, and checks that an earlier connection still works in that loop. */
  async function loop(): Promise<unknown> {
    const { answer, loop } = await fired('keeps_a_connection')
    expect(answer).toBe('ping\n')
    return loop
  }

  it('keeps a connection open over 200 polls', async () => {
    const loops = new Set<unknown>()
    for (let count = 0; count < 200; count++) loops.add(await loop())

    expect(loops.size).toBe(1)
    expect(connections).toBe(1)
  })

  it('runs 1,000 async tasks at the same time, and polls in between', async () => {
    const tasks = Array.from({ length: 999 }, () => python.runTask(SCRIPT, 'work', 'meets'))

    const polls = await Promise.all(Array.from({ length: 300 }, () => poll('skips')))
    const outcomes = await Promise.all([...tasks, python.runTask(SCRIPT, 'work', 'meets')])

    expect(new Set(polls.map(({ kind }) => kind))).toEqual(new Set(['skipped']))
    expect(new Set(outcomes.map(({ kind }) => kind))).toEqual(new Set(['completed']))
    expect(await fired('remembers')).toMatchObject({ threads: 1 })
  })

  it.each([['awaits'], ['gathers'], ['swallows_the_first'], ['sleeps'], ['computes']])(
    'continues after a poll of trigger "%s" exceeded its deadline',
    async (trigger) => {
      const before = await loop()

      const { outcome, seconds } = await overdue(trigger)

      expect(outcome).toMatchObject({
        kind: 'timedOut',
        error: {
          type: 'DeadlineExceeded',
          message: `trigger '${trigger}' timed out: it exceeded its timeout of ${seconds} s`,
          traceback: expect.stringMatching(`^Traceback .*\n  File "${SCRIPT}", line \\d+, in ${trigger}\n`),
        },
      })
      expect(await loop()).toBe(before)
      expect(python.notices).toEqual([])
    },
  )

  it('runs the clean-up code of an overdue poll, and ends polls that are overdue before they begin', async () => {
    const outcomes = await Promise.all(Array.from({ length: 50 }, () => poll('awaits', 1)))
    await overdue('awaits')

    expect(new Set(outcomes.map(({ kind }) => kind))).toEqual(new Set(['timedOut']))
    expect(await fired('remembers')).toMatchObject({ cleaned_up: expect.arrayContaining(['awaits']) })
  })

  it('names the trigger that blocks it, and stops an overdue poll when that trigger returns', async () => {
    const before = await loop()
    const blocking = poll('blocks')
    await expect.poll(() => fired('remembers')).toMatchObject({ is_blocked: true })
    const watched = vi.spyOn(Watchdog.prototype, 'watch')
    const acknowledged = vi.spyOn(Watchdog.prototype, 'acknowledged')
    const waiting = poll('skips', DEADLINE_MS)

    // Exceeds the time after which the watchdog kills a stopped call, unless the interpreter confirms that it waits.
    for (let skipped = 0; skipped < 3; skipped++) {
      acknowledged.mockClear()
      await expect.poll(() => acknowledged.mock.calls).toContainEqual([watched.mock.lastCall?.[0]])
      await clock.skipQuickly(KILL_AFTER_MS / 2)
    }
    vi.restoreAllMocks()
    const blocked = `Trigger 'blocks' has blocked the event loop of its script in ${SCRIPT}, line `
    await expect.poll(() => python.notices).toEqual([expect.stringContaining(blocked)])
    await poll('releases')

    expect(await blocking).toMatchObject({ kind: 'skipped' })
    expect(await waiting).toMatchObject({ kind: 'timedOut', error: { type: 'DeadlineExceeded' } })
    expect(await loop()).toBe(before)
  })

  it.each([
    ['computes', 'compute'],
    ['sleeps', '<lambda>'],
  ])('stops background tasks that block it when they delay the stop of an overdue poll (%s)', async (what, where) => {
    const before = await loop()
    await poll(`leaves_what_${what}`)

    const { outcome } = await overdue('awaits')

    expect(outcome).toMatchObject({ kind: 'timedOut', error: { type: 'DeadlineExceeded' } })
    const cause = String.raw`\(trigger 'awaits' timed out after \S+ s \(timeout\)\)`
    const stopped = new RegExp(
      `^stopped: it blocked the event loop and prevented trigger 'awaits' from stopping ${cause}$`,
    )
    expect(await fired('remembers')).toMatchObject({
      cleaned_up: expect.arrayContaining([expect.stringMatching(stopped)]),
    })
    expect(await loop()).toBe(before)
    expect(python.notices).toContainEqual(
      expect.stringMatching(
        `^A background task of trigger 'leaves_what_${what}' in ${SCRIPT}, line \\d+, ${where}, was stopped: `,
      ),
    )
    expect(python.quarantines).toEqual([])
  })

  it('ends with its script, cancels pending tasks and closes async generators', async () => {
    const before = await loop()
    await poll('leaves_things_behind')

    await python.host.load(SCRIPT, { kind: 'file', path: SCRIPT })
    await expect.poll(() => readFileSync(join(folder, 'log'), 'utf8').split('\n')).toContain('the generator was closed')

    expect(readFileSync(join(folder, 'log'), 'utf8')).toContain('the background task was cancelled')
    expect(await loop()).not.toBe(before)
  })

  it('ends with its interpreter when an overdue poll ignores every cancellation', async () => {
    const { outcome } = await clock.skipUntil(overdue('swallows_all'))

    expect(outcome).toMatchObject({ kind: 'timedOut', error: { type: 'InterpreterDied' } })
    expect(python.quarantines).toEqual([expect.stringContaining("trigger 'swallows_all'")])
    expect(typeof (await loop())).toBe('number')
  })

  it('ends with its interpreter when a blocking background task ignores that it is stopped', async () => {
    await poll('leaves_what_never_stops')

    const died = { kind: 'timedOut', error: { type: 'InterpreterDied' } }
    await clock.skipUntil(expect.poll(() => poll('awaits', DEADLINE_MS)).toMatchObject(died))

    expect(typeof (await loop())).toBe('number')
  })
})
