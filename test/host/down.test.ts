/** Interpreter that died and cannot be restarted for a while: calls that did not start are kept, and wait. */

import { closeSync, openSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeAll, expect, it } from 'vitest'
import type { Timer } from '../../src/engine/clock-port.ts'
import { SystemClock } from '../../src/engine/system-clock.ts'
import { limitOpenFiles } from '../../src/native/control-thread.ts'
import { NO_MEMORY, NO_SLOT, NO_VIEW, OpenHost } from '../support/open-host.ts'

const SCRIPT = fileURLToPath(new URL('./misbehaving.py', import.meta.url))
const NODE = process.execPath
const FEW_FILES = 1_024
/** Time between a failed start and the next one. */
const RESTART_AGAIN_MS = 10_000

/** Clock with real time that the test moves forward. The wait for the next restart ends when the test says so. */
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

  /** Resolves when a start has failed. */
  failed(): Promise<void> {
    return this.#asked.promise
  }

  tryAgain(): void {
    this.#asked = Promise.withResolvers()
    this.#tryAgain?.()
  }
}

beforeAll(async () => {
  await (await OpenHost.open([])).host.close() // creates the memory snapshot, so that no test waits for it
})
afterEach(() => {
  process.execPath = NODE
})

const noProcessCanBeMade = () => {
  process.execPath = '/nowhere/node'
}

it('an interpreter that starts after failed restarts gives waiting calls their full deadlines', async () => {
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
  clock.move(2 * deadlineMs) // longer than the deadline of both calls

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

/** Opens files until no descriptor is left. */
function allDescriptors(): readonly number[] {
  const held: number[] = []
  try {
    while (held.length < FEW_FILES) held.push(openSync(process.execPath, 'r'))
  } catch (error) {
    expect(error).toMatchObject({ code: 'EMFILE' })
  }
  return held
}

it.skipIf(process.platform === 'win32')('an interpreter restarts after the engine ran out of descriptors', async () => {
  const clock = new RestartClock()
  await using python = await OpenHost.open([SCRIPT], 1, { clock })
  limitOpenFiles(FEW_FILES) // for this process
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

it('tasks that wait for an interpreter release their slots, and acquire them before they run', async () => {
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
  const waiting = python.host.calls.runTask({ ...request, inputText: '{}', slot, view: NO_VIEW, memory: NO_MEMORY })
  await released.promise
  expect(moves).toEqual(['release'])

  process.execPath = NODE
  clock.tryAgain()

  expect((await waiting).kind).toBe('completed')
  expect(moves).toEqual(['release', 'acquire'])
})

it('calls that wait for an interpreter return notStarted when their engine stops', async () => {
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
    view: NO_VIEW,
    memory: NO_MEMORY,
  }
  const inside = python.host.calls.runTask({ ...task, taskId: 'quick', stopping: engine.signal })
  await inside
  noProcessCanBeMade()
  await python.poll(SCRIPT, 'leaves')
  await clock.failed()
  const waiting = [
    python.host.calls.runTask({ ...task, taskId: 'quick', stopping: engine.signal }),
    python.host.calls.poll({ script: SCRIPT, trigger: 'remember', deadlineMs: 60_000, stopping: engine.signal }),
  ]

  engine.abort()

  expect(await Promise.all(waiting)).toEqual([{ kind: 'notStarted' }, { kind: 'notStarted' }])
  expect((await inside).kind).toBe('completed')
})

it('a task that was requested before its engine stops runs if an interpreter is available', async () => {
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
    view: NO_VIEW,
    memory: NO_MEMORY,
  }
  const begun = python.host.calls.runTask({ ...task, taskId: 'unchanged', stopping: engine.signal })

  engine.abort()

  expect(await begun).toEqual({ kind: 'completed', contextText: '{"n": 1.0}' })
})
