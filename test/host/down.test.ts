/** An interpreter that died and cannot be started again, for a while: what was not entered is not lost, and waits. */

import { closeSync, openSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeAll, expect, it } from 'vitest'
import { SystemClock } from '../../src/engine/clock.ts'
import type { Timer } from '../../src/engine/ports.ts'
import { limitOpenFiles } from '../../src/native/control-thread.ts'
import { NO_SLOT, OpenHost } from '../support/open-host.ts'

const SCRIPT = fileURLToPath(new URL('./misbehaving.py', import.meta.url))
const NODE = process.execPath
const FEW_FILES = 1_024
/** So long an interpreter that could not be started is left alone. */
const RESTART_AGAIN_MS = 10_000

/** Real time that the test moves forward, but for the wait until a start is tried again, which ends when it says so. */
class RestartClock extends SystemClock {
  #tryAgain: (() => void) | null = null
  #asked = Promise.withResolvers<void>()

  #movedMs = 0

  override monotonic(): number {
    return super.monotonic() + this.#movedMs
  }

  move(ms: number): void {
    this.#movedMs += ms
  }

  override wakeAfter(delayMs: number, callback: () => void, ...rest: never[]): Timer {
    if (delayMs !== RESTART_AGAIN_MS) return super.wakeAfter(delayMs, callback, ...rest)
    this.#tryAgain = callback
    this.#asked.resolve()
    return { cancel: () => undefined }
  }

  /** Settles when a start has failed. */
  failed(): Promise<void> {
    return this.#asked.promise
  }

  tryAgain(): void {
    this.#asked = Promise.withResolvers()
    this.#tryAgain?.()
  }
}

beforeAll(async () => {
  await (await OpenHost.open([])).host.close() // whoever comes first makes the memory snapshot, which takes its time
})
afterEach(() => {
  process.execPath = NODE
})

const noProcessCanBeMade = () => {
  process.execPath = '/nowhere/node'
}

it('runs what waited when it could be started at last, with the whole of its time', async () => {
  const clock = new RestartClock()
  await using python = await OpenHost.open([SCRIPT], 1, { clock })
  noProcessCanBeMade()
  await python.poll(SCRIPT, 'leaves')
  await clock.failed()
  const deadlineMs = 60_000
  const waiting = [python.poll(SCRIPT, 'remember', deadlineMs), python.runTask(SCRIPT, 'work', 'quick', deadlineMs)]
  clock.tryAgain()
  await clock.failed()
  const unready = await python.host.unanswered(deadlineMs)
  clock.move(2 * deadlineMs) // longer than either may take inside

  process.execPath = NODE
  clock.tryAgain()
  const [poll, task] = await Promise.all(waiting)

  expect(poll).toMatchObject({ kind: 'fired' })
  expect(task).toMatchObject({ kind: 'completed' })
  expect(unready).toMatch(/^No interpreter is running: the last interpreter ended/)
  expect(await python.host.unanswered(deadlineMs)).toBeNull()
  expect(python.notices.filter((notice) => notice.includes('The restart failed'))).toHaveLength(2)
  expect(python.notices.filter((notice) => notice.includes('snapshot'))).toEqual([])
})

/** Opens as many as can be. */
function allDescriptors(): readonly number[] {
  const held: number[] = []
  try {
    while (held.length < FEW_FILES) held.push(openSync(process.execPath, 'r'))
  } catch (error) {
    expect(error).toMatchObject({ code: 'EMFILE' })
  }
  return held
}

it.skipIf(process.platform === 'win32')('goes on when the engine itself has no descriptor left for it', async () => {
  const clock = new RestartClock()
  await using python = await OpenHost.open([SCRIPT], 1, { clock })
  limitOpenFiles(FEW_FILES) // of this process
  const failing = python.poll(SCRIPT, 'leaves')
  const held = allDescriptors()
  await failing
  await clock.failed()
  for (const descriptor of held) closeSync(descriptor)

  clock.tryAgain()
  const outcome = await python.poll(SCRIPT, 'remember')

  expect(outcome).toMatchObject({ kind: 'fired' })
  expect(python.notices).toContainEqual(expect.stringContaining('EMFILE'))
})

it('lends the slots of the tasks that wait to others', async () => {
  const clock = new RestartClock()
  await using python = await OpenHost.open([SCRIPT], 1, { clock })
  noProcessCanBeMade()
  await python.poll(SCRIPT, 'leaves')
  await clock.failed()
  const moves: string[] = []
  const released = Promise.withResolvers<void>()
  const slot = {
    release: () => {
      moves.push('release')
      released.resolve()
    },
    acquire: async () => void moves.push('acquire'),
  }
  const request = {
    script: SCRIPT,
    workflow: 'work',
    taskId: 'quick',
    deadlineMs: 60_000,
    executionId: 'e',
    attempt: 1,
  }
  const waiting = python.host.runTask({ ...request, inputText: '{}', slot })
  await released.promise
  expect(moves).toEqual(['release'])

  process.execPath = NODE
  clock.tryAgain()

  expect((await waiting).kind).toBe('completed')
  expect(moves).toEqual(['release', 'acquire'])
})

it('lets go of what waits when who asked stops, and of what is inside not', async () => {
  const clock = new RestartClock()
  await using python = await OpenHost.open([SCRIPT], 1, { clock })
  const engine = new AbortController()
  const task = {
    script: SCRIPT,
    workflow: 'work',
    deadlineMs: 60_000,
    executionId: 'e',
    attempt: 1,
    inputText: '{}',
    slot: NO_SLOT,
  }
  const inside = python.host.runTask({ ...task, taskId: 'quick', stopping: engine.signal })
  await inside
  noProcessCanBeMade()
  await python.poll(SCRIPT, 'leaves')
  await clock.failed()
  const waiting = [
    python.host.runTask({ ...task, taskId: 'quick', stopping: engine.signal }),
    python.host.poll({ script: SCRIPT, trigger: 'remember', deadlineMs: 60_000, stopping: engine.signal }),
  ]

  engine.abort()

  expect(await Promise.all(waiting)).toEqual([{ kind: 'notEntered' }, { kind: 'notEntered' }])
  expect((await inside).kind).toBe('completed')
})

it('lets in what has been begun when who asked stops, as long as there is an interpreter', async () => {
  await using python = await OpenHost.open([SCRIPT])
  const engine = new AbortController()
  const task = {
    script: SCRIPT,
    workflow: 'work',
    deadlineMs: 60_000,
    executionId: 'e',
    attempt: 1,
    inputText: '{"n": 1.0}',
    slot: NO_SLOT,
  }
  const begun = python.host.runTask({ ...task, taskId: 'unchanged', stopping: engine.signal })

  engine.abort()

  expect(await begun).toEqual({ kind: 'completed', contextText: '{"n": 1.0}' })
})
