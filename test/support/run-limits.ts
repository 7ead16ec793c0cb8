/** Tests of attempts whose run limit has passed, and of `TryLater`, for each kind of interpreter. */

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import type { TaskRequest } from '../../src/engine/ports.ts'
import type { PythonChoice } from '../../src/host/environment/python-choice.ts'
import { HeldClock } from './held-clock.ts'
import { MovableRunLimit } from './movable-run-limit.ts'
import { NO_MEMORY, NO_SLOT, NO_VIEW, OpenHost } from './open-host.ts'

const SCRIPT = fileURLToPath(new URL('./run_limits.py', import.meta.url))
const ENGINE = fileURLToPath(new URL('./limited-engine.ts', import.meta.url))
/** Limit of attempts on the clock of the host. No interpreter reaches it in real time. */
const LONG_MS = 600_000
const NO_DEADLINE_MS = 100 * LONG_MS
/** Limit that an interpreter reaches in real time if its engine does not move it. */
const BLOCKED_MS = 1_500
/** Limit of the attempts of an engine that is suspended. A busy machine may delay the moves of the limit. */
const SUSPENDED_LIMIT_MS = 1_000
/** Longest delay of a process on a busy machine. */
const LATE_MS = 2_000
const LOST = { kind: 'lost', error: { message: expect.stringContaining('the engine could not renew its lease') } }

export function describeRunLimits(name: string, choice: PythonChoice): void {
  describe(`an attempt with limits, under ${name}`, () => {
    const folder = mkdtempSync(join(tmpdir(), 'cloaca-run-limits-'))
    const clock = new HeldClock({ keepsProcessAlive: true })
    let python: OpenHost
    let lastFile = 0
    beforeAll(async () => {
      python = await OpenHost.open([SCRIPT], 1, { python: choice, clock })
    })
    afterEach(() => clock.resume())
    afterAll(async () => {
      await python?.[Symbol.asyncDispose]()
      rmSync(folder, { recursive: true })
    })

    const newFile = () => join(folder, String(++lastFile))
    const newLimit = (ms = LONG_MS) => new MovableRunLimit(ms, () => clock.monotonic())
    const run = (taskId: string, runLimit: MovableRunLimit | null, file = newFile(), input: object = {}) => {
      const request: TaskRequest = {
        ...{ script: SCRIPT, workflow: 'limited', taskId, executionId: file, attempt: 1 },
        ...{ inputText: JSON.stringify({ ...input, file }), ...(runLimit !== null && { runLimit }) },
        ...{ deadlineMs: NO_DEADLINE_MS, slot: NO_SLOT, view: NO_VIEW, memory: NO_MEMORY },
      }
      return python.host.calls.runTask(request)
    }

    it.each(['computes', 'sleeps', 'waits'])('that %s is stopped at its time, and cleans up', async (task) => {
      const [file, limit] = [newFile(), newLimit()]
      const outcome = run(task, limit, file)
      const other = run('sleeps', null)
      await untilBegun(file)

      // The clock is stopped, so that the task may clean up for longer than 200 ms.
      clock.holdAfter(LONG_MS)

      expect(await outcome).toMatchObject(LOST)
      expect(notes(file)).toEqual(['began', 'cleaned'])
      expect(limit.listeners).toBe(0)
      python.host.calls.cancelTasks(join(folder, String(lastFile)))
      expect((await other).kind).not.toBe('lost') // the interpreter lives on
      expect(python.notices).toEqual([])
    })

    it.each(['blocks', 'refuses'])('that %s is ended with its interpreter, and nothing is suspected', async (task) => {
      const file = newFile()
      const outcome = run(task, newLimit(), file)
      const other = run('sleeps', null)
      await untilBegun(file)

      clock.holdAfter(LONG_MS)
      clock.resume()

      expect(await outcome).toMatchObject(LOST)
      expect(await other).toMatchObject(LOST)
      expect(notes(file)).not.toContain('cleaned')
      expect(python.quarantines).toEqual([])
      expect(await run('ends', newLimit())).toMatchObject({ kind: 'completed' })
    })

    it('continues while its time is moved, and the next one is free of it', async () => {
      const [file, limit] = [newFile(), newLimit()]
      const outcome = run('sleeps', limit, file)
      await untilBegun(file)

      for (let moves = 0; moves < 3; moves++) {
        clock.holdAfter(LONG_MS / 2)
        await run('ends', null)
        limit.move(LONG_MS)
      }
      const first = await Promise.race([outcome, run('ends', null)])
      clock.holdAfter(LONG_MS)
      const end = await outcome
      const next = run('sleeps', null)
      clock.holdAfter(3 * LONG_MS)
      const later = await Promise.race([next, run('ends', null)])
      python.host.calls.cancelTasks(join(folder, String(lastFile - 1)))

      expect(first).toMatchObject({ kind: 'completed' })
      expect(end).toMatchObject(LOST)
      expect(later).toMatchObject({ kind: 'completed' })
      expect((await next).kind).not.toBe('lost')
    })

    it('completes within its time', async () => {
      const limit = newLimit()

      expect(await run('ends', limit)).toMatchObject({ kind: 'completed' })
      expect(limit.listeners).toBe(0)
    })

    it('may block Python for longer than its time if the engine moves it', async () => {
      // The interpreter, whose clock is the real one, must not end itself.
      const limit = newLimit(BLOCKED_MS)
      const moves = setInterval(() => limit.move(BLOCKED_MS), 100)

      const outcome = await run('holds', limit, newFile(), { seconds: (2 * BLOCKED_MS) / 1_000 })
      clearInterval(moves)

      expect(outcome).toMatchObject({ kind: 'completed' })
    })

    it('begins again later after TryLater, also in async code, which fails a poll', async () => {
      const request = { executionId: 'e', attempt: 1, inputText: '{}', deadlineMs: LONG_MS, workflow: 'busy' }
      const unused = { script: SCRIPT, slot: NO_SLOT, view: NO_VIEW, memory: NO_MEMORY }
      const outcomes = await Promise.all(
        ['later', 'later_async'].map((taskId) => python.host.calls.runTask({ ...request, ...unused, taskId })),
      )
      const poll = await python.poll(SCRIPT, 'polls_later')

      expect(outcomes).toEqual([
        { kind: 'tryLater', delayMs: 30_000, limit: 'crm' },
        { kind: 'tryLater', delayMs: 1_500, limit: null },
      ])
      expect(poll).toMatchObject({ kind: 'failed', error: { type: 'TryLater' } })
    })

    describe.skipIf(process.platform !== 'linux')('if its engine is suspended', () => {
      const ending = ['computes', 'sleeps', 'waits', 'blocks', 'refuses']

      it.each(ending)('and it %s, ends its interpreter', async (task) => {
        await using engine = await SuspendableEngine.start(choice, task, newFile(), SUSPENDED_LIMIT_MS)
        engine.suspend()

        const before = await engine.untilEnded()
        engine.resume()

        // The engine has moved the limit every 100 ms.
        expect(before).toBeGreaterThan(SUSPENDED_LIMIT_MS / 2)
        expect(before).toBeLessThan(SUSPENDED_LIMIT_MS + 200 + LATE_MS)
        // A task that computes may need more than 200 ms for it on a busy machine.
        if (task !== 'computes') expect(notes(engine.file).includes('cleaned')).toBe(['sleeps', 'waits'].includes(task))
        expect(await engine.outcome).toMatchObject(LOST)
      })

      it.each(ending)('with the interpreter, and it %s, ends soon after both continue', async (task) => {
        await using engine = await SuspendableEngine.start(choice, task, newFile(), SUSPENDED_LIMIT_MS)
        engine.suspendInterpreter()
        engine.suspend()
        await sleep(2 * SUSPENDED_LIMIT_MS)

        engine.resumeInterpreter()
        const after = await engine.untilEnded()
        engine.resume()

        expect(after).toBeLessThan(200 + LATE_MS)
        expect(await engine.outcome).toMatchObject(LOST)
      })
    })
  })
}

async function untilBegun(file: string): Promise<void> {
  await expect.poll(() => notes(file), { interval: 10 }).toContain('began')
}

function notes(file: string): readonly string[] {
  try {
    return readFileSync(file, 'utf8').trimEnd().split('\n')
  } catch {
    return []
  }
}

/** Process of `limited-engine.ts`. */
class SuspendableEngine implements AsyncDisposable {
  readonly file: string
  readonly #process: ChildProcess
  readonly #interpreter: number
  readonly outcome: Promise<object>

  private constructor(file: string, process: ChildProcess, interpreter: number) {
    this.file = file
    this.#process = process
    this.#interpreter = interpreter
    this.outcome = once(process.stdout as NodeJS.ReadableStream, 'data').then(([line]) => JSON.parse(String(line)))
    this.outcome.catch(() => undefined) // Ignored: only some tests wait for the outcome
  }

  /** Starts it, and waits until the task runs. */
  static async start(choice: PythonChoice, task: string, file: string, limitMs: number): Promise<SuspendableEngine> {
    const python = choice.kind === 'pyodide' ? 'pyodide' : choice.executable
    const words = [ENGINE, python, task, JSON.stringify({ file }), String(limitMs)]
    const engine = spawn(process.execPath, words, { stdio: ['ignore', 'pipe', 'inherit'] })
    while (notes(file).length === 0) {
      if (engine.exitCode !== null) throw new Error(`The engine ended with exit code ${engine.exitCode}.`)
      await sleep(20)
    }
    await sleep(150)
    return new SuspendableEngine(file, engine, interpreterOf(engine.pid ?? 0))
  }

  suspend(): void {
    this.#process.kill('SIGSTOP')
  }

  resume(): void {
    this.#process.kill('SIGCONT')
  }

  suspendInterpreter(): void {
    process.kill(this.#interpreter, 'SIGSTOP')
  }

  resumeInterpreter(): void {
    process.kill(this.#interpreter, 'SIGCONT')
  }

  /** Waits until the interpreter has ended. Returns the milliseconds that this took. */
  async untilEnded(): Promise<number> {
    const begin = performance.now()
    while (isAlive(this.#interpreter)) await sleep(10)
    return performance.now() - begin
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const hasEnded = this.#process.exitCode !== null || this.#process.signalCode !== null
    this.#process.kill('SIGKILL')
    if (!hasEnded) await once(this.#process, 'exit')
  }
}

/** Returns the child of a process that leads a group of its own. */
function interpreterOf(engine: number): number {
  const children = readdirSync(`/proc/${engine}/task`).flatMap((thread) =>
    readFileSync(`/proc/${engine}/task/${thread}/children`, 'utf8').split(' ').filter(Boolean).map(Number),
  )
  const [leader] = children.filter((pid) => Number(statOf(pid)?.[2]) === pid)
  if (leader === undefined) throw new Error(`The engine has no interpreter, but these children: ${children}.`)
  return leader
}

/** A process that has ended is a zombie as long as its parent is suspended. */
function isAlive(pid: number): boolean {
  const state = statOf(pid)?.[0]
  return state !== undefined && state !== 'Z'
}

/** Returns the fields of a process from its state on. */
function statOf(pid: number): readonly string[] | undefined {
  try {
    return readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ')
  } catch {
    return undefined
  }
}
