/**
 * Simulated Python of one engine. It implements the ScriptHost port and the port of `LoadedScripts`. An interpreter is
 * a separate process: it continues while its engine is suspended, it can be lost, and its calls take simulated time.
 * The result of a call depends only on the seed and on the name of the call, so that a shorter program has the same
 * results.
 */

import type { RunLimit, StartLimit } from '../../src/engine/clock-port.ts'
import type {
  AccumulateAnswer,
  AccumulateRequest,
  RunGraphAnswer,
  RunGraphRequest,
} from '../../src/engine/graphs/graph-host.ts'
import type {
  EndedChild,
  NotStarted,
  Parked,
  PollRequest,
  ScriptHost,
  TaskRequest,
  TaskResult,
} from '../../src/engine/ports.ts'
import type { PollOutcome } from '../../src/model/trigger.ts'
import type { Coverage } from './coverage.ts'
import type { ProcessLoop, SimulationLoop } from './loop.ts'
import type { Program, ProgramTask } from './program.ts'
import { hashOf } from './random.ts'
import { accumulated, fault, pollOutcome, taskDurationMs, taskOutcome } from './scripted-outcomes.ts'

/** Call of a Python function, from its start to its end. */
export interface PythonEntry {
  readonly engine: string
  readonly kind: 'task' | 'poll' | 'accumulate' | 'graph'
  readonly name: string
  readonly startedAt: number
  endedAt: number | null
}

/** Observer of the calls of Python functions. Called between two turns of the engines. */
export interface PythonObserver {
  taskEntered(engine: string, request: TaskRequest, entry: PythonEntry): void
  taskEnded(engine: string, request: TaskRequest, result: TaskResult): void
  childEnded(engine: string, request: TaskRequest, child: EndedChild): void
  pollEntered(engine: string, request: PollRequest, entry: PythonEntry): void
  pollEnded(engine: string, request: PollRequest, outcome: PollOutcome): void
  accumulated(engine: string, request: AccumulateRequest, answer: AccumulateAnswer): void
  graphEntered(engine: string, request: RunGraphRequest): void
}

export interface ScriptedPythonPorts {
  readonly engine: string
  readonly program: Program
  readonly loop: SimulationLoop
  /** Event loop of the engine, which receives the results. */
  readonly engineLoop: ProcessLoop
  readonly observer: PythonObserver
  readonly coverage: Coverage
  /** Returns the monotonic time of the machine. */
  readonly monotonic: () => number
  /** Returns whether polls must not fire, which is true at the end of a run. */
  readonly isQuiet: () => boolean
  /** Returns whether the current generation of the code declares a name. */
  readonly declares: (kind: 'workflow' | 'trigger' | 'source' | 'graph', name: string) => boolean
  /** Returns how many attempts of a task have ended with `TryLater`, as stored. */
  readonly triesLater: (executionId: string, taskId: string) => number
  /** Runs a nested workflow for a task. */
  readonly execute: (workflow: string, inputText: string, request: TaskRequest) => Promise<void>
}

/** Call that waits for an interpreter or runs in an interpreter. */
interface Call {
  readonly executionId: string | null
  readonly enter: () => void
  readonly giveUp: () => void
  readonly lose: () => void
  readonly cancel: () => void
}

/** Tasks that wait for children take no time themselves. */
const NO_LIMIT = { suspend: () => () => undefined }
const NOT_STARTED: NotStarted = { kind: 'notStarted' }
const UNSERVED: NotStarted = { kind: 'notStarted', isUnserved: true }
/** Longest time between the end of a `runLimit` and that of its attempt. */
const STOPS_WITHIN_MS = 200

export class ScriptedPython implements ScriptHost {
  readonly #ports: ScriptedPythonPorts
  readonly #python: ProcessLoop
  readonly #waiting = new Set<Call>()
  readonly #running = new Set<Call>()
  #isAvailable = true
  #calls = new Map<string, number>()
  /** Simulated time at which the interpreter last continued after a suspension. */
  resumedAt = Number.NEGATIVE_INFINITY

  constructor(ports: ScriptedPythonPorts) {
    this.#ports = ports
    this.#python = ports.loop.process(`${ports.engine} python`)
  }

  /** Number of calls that have not ended. */
  get running(): number {
    return this.#running.size
  }

  suspend(): void {
    if (this.#python.state === 'running') this.#python.state = 'suspended'
  }

  resume(): void {
    if (this.#python.state !== 'suspended') return
    this.#python.state = 'running'
    this.resumedAt = this.#ports.loop.now
  }

  get isSuspended(): boolean {
    return this.#python.state === 'suspended'
  }

  end(): void {
    this.#python.end()
    this.#running.clear()
    this.#waiting.clear()
  }

  /** Ends the interpreter and all its calls, and starts the next interpreter after some time. */
  loseInterpreter(forMs: number): void {
    this.#isAvailable = false
    for (const call of [...this.#running]) call.lose()
    this.#python.timer(this.#ports.loop.now + forMs, () => {
      this.#isAvailable = true
      for (const call of [...this.#waiting]) call.enter()
    })
  }

  cancelTasks(executionId: string): void {
    for (const call of [...this.#running]) if (call.executionId === executionId) call.cancel()
  }

  poll(request: PollRequest): Promise<PollOutcome | NotStarted> {
    const { observer, engine, declares, program, isQuiet } = this.#ports
    const draw = this.#draw(`poll ${request.trigger}`)
    return this.#call<PollOutcome | NotStarted>({
      entry: { kind: 'poll', name: request.trigger },
      executionId: null,
      request,
      isServed: () => declares('trigger', request.trigger),
      lost: { kind: 'failed', error: fault('the interpreter died') },
      losing: () => observer.pollEnded(engine, request, { kind: 'failed', error: fault('the interpreter died') }),
      entered: (entry) => observer.pollEntered(engine, request, entry),
      run: (finish) => {
        const { outcome, durationMs } = pollOutcome(program, request, draw, isQuiet())
        this.#after(durationMs, () => finish(outcome, () => observer.pollEnded(engine, request, outcome)))
      },
    })
  }

  runTask(request: TaskRequest): Promise<TaskResult> {
    const { observer, engine, declares, program } = this.#ports
    const { executionId, workflow, taskId, attempt } = request
    const task = program.workflows.find(({ key }) => key === workflow)?.tasks.find(({ id }) => id === taskId)
    const tries = this.#ports.triesLater(executionId, taskId)
    const again = tries === 0 ? '' : ` later ${tries}`
    const draw = hashOf(`${program.seed} task ${executionId} ${taskId} ${attempt}${again}`) / 2 ** 32
    return this.#call<TaskResult>({
      entry: { kind: 'task', name: `${executionId} ${taskId} ${attempt}` },
      executionId,
      request,
      isServed: () => declares('workflow', workflow),
      lost: { kind: 'lost', error: fault('the interpreter died') },
      entered: (entry) => observer.taskEntered(engine, request, entry),
      run: (finish) =>
        this.#runBody(request, task, draw, (outcome) =>
          finish(outcome, () => observer.taskEnded(engine, request, outcome)),
        ),
    })
  }

  accumulate(request: AccumulateRequest): Promise<AccumulateAnswer> {
    const { observer, engine, declares } = this.#ports
    const draw = this.#draw(`accumulate ${request.source}`)
    return this.#call<AccumulateAnswer>({
      entry: { kind: 'accumulate', name: request.source },
      executionId: null,
      request,
      isServed: () => declares('source', request.source),
      unserved: { kind: 'notServed' },
      lost: { kind: 'lost', isCulprit: false, error: fault('the interpreter died') },
      run: (finish) => {
        const answer = accumulated(request, request.mode === 'poll' && this.#ports.isQuiet() ? 1 : draw)
        this.#after(draw * 50, () => finish(answer, () => observer.accumulated(engine, request, answer)))
      },
    })
  }

  runGraph(request: RunGraphRequest): Promise<RunGraphAnswer> {
    const { observer, engine, declares } = this.#ports
    return this.#call<RunGraphAnswer>({
      entry: { kind: 'graph', name: request.graph },
      executionId: null,
      request,
      isServed: () => declares('graph', request.graph),
      unserved: { kind: 'notServed' },
      lost: { kind: 'lost', isCulprit: false, error: fault('the interpreter died') },
      entered: () => observer.graphEntered(engine, request),
      run: (finish) => {
        const results = request.payloads.map((resultText) => ({ kind: 'ended', resultText }) as const)
        this.#after(10, () => finish({ kind: 'answered', results, nodesText: '{}' }))
      },
    })
  }

  /** Sends a call to the interpreter. The result reaches the engine in a turn of the engine's event loop. */
  #call<Answer>(spec: CallSpec<Answer>): Promise<Answer> {
    const { loop, engineLoop, engine, coverage } = this.#ports
    return new Promise((resolve) => {
      let isSettled = false
      const settle = (answer: Answer): void => {
        if (isSettled) return
        isSettled = true
        this.#waiting.delete(call)
        this.#running.delete(call)
        coverage.ended(engine, spec.entry.kind)
        endLimit()
        if (entry !== null) entry.endedAt = loop.now
        engineLoop.answer(loop.now, () => resolve(answer))
      }
      let entry: PythonEntry | null = null
      let endLimit = (): void => undefined
      const call: Call = {
        executionId: spec.executionId,
        enter: () => {
          if (isSettled || entry !== null || !this.#isAvailable) return
          if (spec.request.stopping?.aborted) return settle(NOT_STARTED as Answer)
          if (this.#isTooLate(spec.request)) return settle({ kind: 'notStarted', isLate: true } as Answer)
          if (!spec.isServed()) return settle(spec.unserved ?? (UNSERVED as Answer))
          const { runLimit } = spec.request
          if (runLimit !== undefined && runLimit.until <= this.#ports.monotonic()) return settle(spec.lost)
          if (runLimit !== undefined) endLimit = this.#keepLimit(runLimit, () => settle(spec.lost))
          this.#waiting.delete(call)
          this.#running.add(call)
          entry = { engine, ...spec.entry, startedAt: loop.now, endedAt: null }
          spec.entered?.(entry)
          spec.run((answer, ended) => {
            // The result of a lost interpreter is not reported.
            if (!isSettled) ended?.()
            settle(answer)
          })
        },
        giveUp: () => {
          if (this.#waiting.has(call)) settle(NOT_STARTED as Answer)
        },
        lose: () => {
          spec.losing?.()
          settle(spec.lost)
        },
        cancel: () => {
          const answer = { kind: 'cancelled', error: fault('cancelled', 'Cancelled'), lostScripts: [] } as const
          this.#after(this.#draw('cancel') * 100, () => settle(answer as Answer))
        },
      }
      this.#waiting.add(call)
      coverage.begun(engine, spec.entry.kind)
      spec.request.stopping?.addEventListener('abort', () => engineLoop.soon(call.giveUp))
      const transit = this.#draw(`transit ${spec.entry.name}`)
      this.#after(transit < 0.8 ? 0 : transit < 0.97 ? 5 : 400, call.enter)
    })
  }

  /** Ends an attempt with a limit of its time. Both the engine and the interpreter do so. Returns the end of this. */
  #keepLimit(runLimit: RunLimit, lose: () => void): () => void {
    let isOver = false
    const check = (): void => {
      const leftMs = runLimit.until - this.#ports.monotonic()
      if (isOver) return
      // A later time than the one that has passed changes nothing.
      isOver = leftMs <= 0
      if (isOver) this.#after(this.#draw('stop') * STOPS_WITHIN_MS, lose)
      else this.#after(leftMs, check)
    }
    check()
    const end = runLimit.onMoved(() => this.#after(0, check))
    return () => {
      isOver = true
      end()
    }
  }

  #isTooLate({ startLimit }: { readonly startLimit?: StartLimit }): boolean {
    return startLimit !== undefined && startLimit.until < this.#ports.monotonic()
  }

  #runBody(
    request: TaskRequest,
    task: ProgramTask | undefined,
    draw: number,
    finish: (result: TaskResult) => void,
  ): void {
    const { loop, engineLoop, execute } = this.#ports
    const outcome = taskOutcome(request, task, draw)
    const durationMs = task?.takesMs ?? taskDurationMs(draw, this.#ports.program.hasSlowTasks)
    const end = (): void => {
      if (durationMs <= request.deadlineMs) this.#after(durationMs, () => finish(outcome))
      else this.#after(request.deadlineMs, () => finish({ kind: 'timedOut', error: fault('too slow', 'TimeoutError') }))
    }
    if (task?.executes != null) {
      const input = JSON.stringify({ nested: `${request.executionId} ${request.taskId} ${request.attempt}` })
      const nested = task.executes
      engineLoop.answer(loop.now, () => void execute(nested, input, request).then(end, end))
    } else if (task?.runs !== undefined) {
      const { runs } = task
      engineLoop.answer(
        loop.now,
        () => void this.#runChild(request, runs).then((parked) => (parked ? finish(parked) : end()), end),
      )
    } else if (task?.defers) {
      engineLoop.answer(loop.now, () => request.slot.release())
      this.#after(300, () => engineLoop.answer(loop.now, () => void request.slot.acquire().then(end, end)))
    } else end()
  }

  /** Runs a child as `handle.run` does. Returns null if it has ended. */
  async #runChild(request: TaskRequest, workflow: string): Promise<Parked | null> {
    const { memory, taskId } = request
    const inputText = JSON.stringify({ child: `${memory.chainId} ${taskId}` })
    const end = await memory.runChild({ workflow, inputText, key: 'child' }, NO_LIMIT)
    if (end.kind === 'parked') return end
    this.#ports.observer.childEnded(this.#ports.engine, request, end.child)
    return null
  }

  #after(ms: number, run: () => void): void {
    this.#python.timer(this.#ports.loop.now + ms, run)
  }

  /** Returns a number in [0, 1) for the next call of a name. */
  #draw(name: string): number {
    const count = (this.#calls.get(name) ?? 0) + 1
    this.#calls.set(name, count)
    return hashOf(`${this.#ports.program.seed} ${this.#ports.engine} ${name} ${count}`) / 2 ** 32
  }
}

interface CallSpec<Answer> {
  readonly entry: Pick<PythonEntry, 'kind' | 'name'>
  readonly executionId: string | null
  readonly request: { readonly stopping?: AbortSignal; readonly startLimit?: StartLimit; readonly runLimit?: RunLimit }
  readonly isServed: () => boolean
  readonly unserved?: Answer
  readonly lost: Answer
  /** Called when the interpreter dies during the call. */
  readonly losing?: () => void
  readonly entered?: (entry: PythonEntry) => void
  /** Runs the call. `ended` is called with the result, unless the call was lost or cancelled before. */
  readonly run: (finish: (answer: Answer, ended?: () => void) => void) => void
}
