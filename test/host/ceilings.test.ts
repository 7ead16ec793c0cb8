/** Limits of an interpreter. Exceeding a limit fails one call; near a limit, the interpreter is replaced. */

import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, it, vi } from 'vitest'
import type { PollOutcome } from '../../src/model/trigger.ts'
import { LIMIT_MS } from '../support/limits.ts'
import { OpenHost } from '../support/open-host.ts'

const SCRIPT = fileURLToPath(new URL('./greedy.py', import.meta.url))
const INNOCENT = fileURLToPath(new URL('./isolation.py', import.meta.url))
/** Small memory limit. A new interpreter already uses two thirds of it. */
const LITTLE_MEMORY = { memoryMebibytes: 384 }

function contextOf(outcome: PollOutcome): Record<string, unknown> {
  if (outcome.kind !== 'fired') throw new Error(`The poll was to fire, but: ${JSON.stringify(outcome)}`)
  return JSON.parse(outcome.firings[0]?.contextText ?? '{}')
}

/** Options of a test that compares the memory of a process with a number. */
const NIGHT = { tags: ['night'] }

const remembered = async (python: OpenHost) => contextOf(await python.poll(SCRIPT, 'remember'))
const heard = (python: OpenHost, text: string) =>
  vi.waitUntil(() => python.notices.find((notice) => notice.includes(text)), LIMIT_MS)

describe('an interpreter', () => {
  it('is replaced between polls near its memory limit, and keeps the state of the script', async () => {
    await using python = await OpenHost.open([SCRIPT], 1, LITTLE_MEMORY)
    expect(await remembered(python)).toEqual({ polls: 1, kept: 0 })

    const outcomes = [await python.poll(SCRIPT, 'grows'), await python.poll(SCRIPT, 'waits')]
    await heard(python, 'was restarted')

    expect(outcomes.map(({ kind }) => kind)).toEqual(['skipped', 'skipped'])
    expect(python.notices).toEqual([
      expect.stringMatching(/^Interpreter 1 was restarted: it used \d{3} MiB of memory\.$/),
    ])
    expect(await remembered(python)).toEqual({ polls: 2, kept: 0 })
    expect(python.quarantines).toEqual([])
  })

  it.each([
    ['files', 'opens_all'],
    ['sockets', 'opens_all_sockets'],
  ])('is replaced between polls near its limit of open %s, and raises EMFILE at the limit', async (_, trigger) => {
    await using python = await OpenHost.open([SCRIPT], 1, { openFiles: 200 })

    const { is_emfile, kept } = contextOf(await python.poll(SCRIPT, trigger))

    expect(await heard(python, 'was restarted')).toMatch(/it had (1[6-9]\d|200) files open/)
    expect(is_emfile).toBe(true)
    expect(kept).toBeGreaterThan(100)
    expect(kept).toBeLessThan(200)
    expect(await remembered(python)).toEqual({ polls: 1, kept: 0 })
  })

  it('is replaced between polls near its limit of threads, and raises RuntimeError at the limit', async () => {
    await using python = await OpenHost.open([SCRIPT], 1, { threads: 50 })

    const { message, started } = contextOf(await python.poll(SCRIPT, 'starts_all'))
    await heard(python, 'was restarted: it had 40 threads')

    expect(message).toBe("can't start new thread")
    expect(started).toBe(50)
    expect(await remembered(python)).toEqual({ polls: 1, kept: 0 })
  })
})

describe('an interpreter at its limit of memory', () => {
  it('raises MemoryError, and keeps the state of its scripts', async () => {
    await using python = await OpenHost.open([SCRIPT])
    await remembered(python)

    const outcome = await python.poll(SCRIPT, 'takes_all')

    expect(outcome).toMatchObject({ kind: 'failed', error: { type: 'MemoryError' } })
    expect(await remembered(python)).toEqual({ polls: 2, kept: 0 })
  })

  it.runIf(process.platform === 'linux')('is replaced after a MemoryError, which frees memory', NIGHT, async () => {
    await using python = await OpenHost.open([SCRIPT, INNOCENT])
    const residentMebibytes = async () => {
      const { pid } = contextOf(await python.poll(INNOCENT, 'pid'))
      const [, kibibytes] = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? []
      return Number(kibibytes) / 1_024
    }

    await python.poll(SCRIPT, 'takes_all')
    const [, usedMebibytes] = /it used (\d+) MiB of memory/.exec((await heard(python, 'was restarted')) ?? '') ?? []

    expect(Number(usedMebibytes)).toBeGreaterThan(800)
    expect(await residentMebibytes()).toBeLessThan(500)
  })

  it('is ended if memory outside Python grows, and names the trigger that caused it', async () => {
    await using python = await OpenHost.open([SCRIPT, INNOCENT], 1, LITTLE_MEMORY)

    const outcome = await python.poll(SCRIPT, 'takes_beyond_all')

    expect(outcome).toMatchObject({ kind: 'failed', error: { type: 'InterpreterDied' } })
    expect(python.quarantines).toEqual([
      expect.stringMatching(
        /trigger 'takes_beyond_all': its process used \d+ MiB of memory, but its limit is 640 MiB$/,
      ),
    ])
    expect((await python.poll(INNOCENT, 'pid')).kind).toBe('fired')
  })

  it('dies if the JavaScript heap is full, without an effect on another interpreter', async () => {
    await using python = await OpenHost.open([INNOCENT, SCRIPT], 2, LITTLE_MEMORY)
    const { pid } = contextOf(await python.poll(INNOCENT, 'pid'))

    const outcome = await python.poll(SCRIPT, 'takes_all_of_javascript')

    expect(outcome).toMatchObject({ kind: 'failed', error: { type: 'InterpreterDied' } })
    expect(python.quarantines).toEqual([
      expect.stringMatching(/trigger 'takes_all_of_javascript': its process was killed by SIGABRT$/),
    ])
    expect(contextOf(await python.poll(INNOCENT, 'pid')).pid).toBe(pid)
  })
})
