/**
 * Python of one engine, scripted: stands at the ScriptHost port and at the port of `LoadedScripts`. An interpreter is a process
 * of its own: it continues while its engine is suspended, it can be lost, and what it computes takes simulated time.
 * All that a function does follows from the seed and from the name of the call, so that a shorter program keeps it.
 */

import type {
  AccumulateAnswer,
  AccumulateRequest,
  NotEntered,
  PollRequest,
  RunGraphAnswer,
  RunGraphRequest,
  ScriptHost,
  StartLimit,
  TaskRequest,
} from '../../src/engine/ports.ts'
import type { AttemptOutcome } from '../../src/model/execution.ts'
import type { PythonFault } from '../../src/model/fault.ts'
import type { PollOutcome } from '../../src/model/trigger.ts'
import type { Coverage } from './coverage.ts'
import type { ProcessLoop, SimulationLoop } from './loop.ts'
import type { Program, ProgramTask } from './program.ts'
import { hashOf } from './random.ts'

/** An entry into Python, from its start to its end. */
export interface PythonEntry {
  readonly engine: string
  readonly kind: 'task' | 'poll' | 'accumulate' | 'graph'
  readonly name: string
  readonly startedAt: number
  endedAt: number | null
}

/** Receives every entry into Python, at its start. Called between two turns of the engines. */
export interface PythonObserver {
  taskEntered(engine: string, request: TaskRequest, entry: PythonEntry): void
  taskEnded(engine: string, request: TaskRequest, outcome: AttemptOutcome): void
  pollEntered(engine: string, request: PollRequest, entry: PythonEntry): void
  pollEnded(engine: string, request: PollRequest, outcome: PollOutcome): void
  accumulated(engine: string, request: AccumulateRequest, answer: AccumulateAnswer): void
  graphEntered(engine: string, request: RunGraphRequest): void
}

export interface ScriptedPythonPorts {
  readonly engine: string
  readonly program: Program
  readonly loop: SimulationLoop
  /** Event loop of the engine, which receives the answers. */
  readonly engineLoop: ProcessLoop
  readonly observer: PythonObserver
  readonly coverage: Coverage
  /** Monotonic time of the machine. */
  readonly monotonic: () => number
  /** Polls fire nothing any more. */
  readonly isQuiet: () => boolean
  /** Names that the present generation of the code declares. */
  readonly declares: (kind: 'workflow' | 'trigger' | 'source' | 'graph', name: string) => boolean
  /** Runs a nested workflow for a task. */
  readonly execute: (workflow: string, inputText: string, request: TaskRequest) => Promise<void>
}

/** A call that waits for an interpreter, or runs in one. */
interface Call {
  readonly executionId: string | null
  readonly enter: () => void
  readonly giveUp: () => void
  readonly lose: () => void
  readonly cancel: () => void
}

const NOT_ENTERED: NotEntered = { kind: 'notEntered' }
const UNSERVED: NotEntered = { kind: 'notEntered', isUnserved: true }

export class ScriptedPython implements ScriptHost {
  readonly #ports: ScriptedPythonPorts
  readonly #python: ProcessLoop
  readonly #waiting = new Set<Call>()
  readonly #running = new Set<Call>()
  #isAvailable = true
  #calls = new Map<string, number>()

  constructor(ports: ScriptedPythonPorts) {
    this.#ports = ports
    this.#python = ports.loop.process(`${ports.engine} python`)
  }

  /** Entries that have not ended. */
  get running(): number {
    return this.#running.size
  }

  suspend(): void {
    if (this.#python.state === 'running') this.#python.state = 'suspended'
  }

  resume(): void {
    if (this.#python.state === 'suspended') this.#python.state = 'running'
  }

  end(): void {
    this.#python.end()
    this.#running.clear()
    this.#waiting.clear()
  }

  /** The interpreter dies with everything that runs in it, and the next one is there after some time. */
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

  poll(request: PollRequest): Promise<PollOutcome | NotEntered> {
    const { observer, engine, declares } = this.#ports
    const draw = this.#draw(`poll ${request.trigger}`)
    return this.#call<PollOutcome | NotEntered>({
      entry: { kind: 'poll', name: request.trigger },
      executionId: null,
      request,
      isServed: () => declares('trigger', request.trigger),
      lost: { kind: 'failed', error: fault('the interpreter died') },
      losing: () => observer.pollEnded(engine, request, { kind: 'failed', error: fault('the interpreter died') }),
      entered: (entry) => observer.pollEntered(engine, request, entry),
      run: (finish) => {
        const { outcome, durationMs } = this.#pollOutcome(request.trigger, draw)
        this.#after(durationMs, () => finish(outcome, () => observer.pollEnded(engine, request, outcome)))
      },
    })
  }

  runTask(request: TaskRequest): Promise<AttemptOutcome | NotEntered> {
    const { observer, engine, declares, program } = this.#ports
    const { executionId, workflow, taskId, attempt } = request
    const task = program.workflows.find(({ key }) => key === workflow)?.tasks.find(({ id }) => id === taskId)
    const draw = hashOf(`${program.seed} task ${executionId} ${taskId} ${attempt}`) / 2 ** 32
    return this.#call<AttemptOutcome | NotEntered>({
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

  /** Sends a call to the interpreter. The answer reaches the engine in a turn of its own event loop. */
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
        if (entry !== null) entry.endedAt = loop.now
        engineLoop.answer(loop.now, () => resolve(answer))
      }
      let entry: PythonEntry | null = null
      const call: Call = {
        executionId: spec.executionId,
        enter: () => {
          if (isSettled || entry !== null || !this.#isAvailable) return
          if (spec.request.stopping?.aborted) return settle(NOT_ENTERED as Answer)
          if (this.#isTooLate(spec.request)) return settle({ kind: 'notEntered', isLate: true } as Answer)
          if (!spec.isServed()) return settle(spec.unserved ?? (UNSERVED as Answer))
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
          if (this.#waiting.has(call)) settle(NOT_ENTERED as Answer)
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

  #isTooLate({ startLimit }: { readonly startLimit?: StartLimit }): boolean {
    return startLimit !== undefined && startLimit.until < this.#ports.monotonic()
  }

  #runBody(
    request: TaskRequest,
    task: ProgramTask | undefined,
    draw: number,
    finish: (outcome: AttemptOutcome) => void,
  ): void {
    const { loop, engineLoop, execute } = this.#ports
    const outcome = taskOutcome(request, draw)
    const durationMs = taskDurationMs(draw, this.#ports.program.hasSlowTasks)
    const end = (): void => {
      if (durationMs <= request.deadlineMs) this.#after(durationMs, () => finish(outcome))
      else this.#after(request.deadlineMs, () => finish({ kind: 'timedOut', error: fault('too slow', 'TimeoutError') }))
    }
    if (task?.executes != null) {
      const input = JSON.stringify({ nested: `${request.executionId} ${request.taskId} ${request.attempt}` })
      const nested = task.executes
      engineLoop.answer(loop.now, () => void execute(nested, input, request).then(end, end))
    } else if (task?.defers) {
      engineLoop.answer(loop.now, () => request.slot.release())
      this.#after(300, () => engineLoop.answer(loop.now, () => void request.slot.acquire().then(end, end)))
    } else end()
  }

  #pollOutcome(name: string, draw: number): { readonly outcome: PollOutcome; readonly durationMs: number } {
    const trigger = this.#ports.program.triggers.find((each) => each.name === name)
    const part = hashOf(`${draw} outcome`) / 2 ** 32
    const durationMs = draw > 0.98 ? 8_000 : draw > 0.9 ? 700 : draw * 20
    if (trigger === undefined || this.#ports.isQuiet())
      return { outcome: { kind: 'skipped', reason: null }, durationMs }
    if (part < trigger.fires) {
      const context = hashOf(`${draw} context`) % (trigger.contexts + 1)
      const contextText = context === 0 ? null : JSON.stringify({ context })
      return { outcome: { kind: 'fired', contextText }, durationMs }
    }
    if (part < trigger.fires + trigger.fails)
      return { outcome: { kind: 'failed', error: fault('poll failed') }, durationMs }
    return { outcome: { kind: 'skipped', reason: draw < 0.2 ? 'nothing new' : null }, durationMs }
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
  readonly request: { readonly stopping?: AbortSignal; readonly startLimit?: StartLimit }
  readonly isServed: () => boolean
  readonly unserved?: Answer
  readonly lost: Answer
  /** Called when the interpreter dies under the call. */
  readonly losing?: () => void
  readonly entered?: (entry: PythonEntry) => void
  /** `ended` is called with the answer unless the call was lost or cancelled before. */
  readonly run: (finish: (answer: Answer, ended?: () => void) => void) => void
}

export function fault(message: string, type = 'RuntimeError'): PythonFault {
  return { type, message, traceback: '' }
}

function taskDurationMs(draw: number, isSlow: boolean): number {
  if (isSlow && draw < 0.8) return draw * 2_000
  if (draw < 0.5) return draw * 20
  if (draw < 0.9) return draw * 600
  return draw < 0.98 ? 2_000 : 8_000
}

function taskOutcome({ inputText, taskId, attempt }: TaskRequest, draw: number): AttemptOutcome {
  const part = hashOf(`${draw} outcome`) / 2 ** 32
  if (part < 0.15) return { kind: 'failed', error: fault('task failed') }
  if (part < 0.17) return { kind: 'lost', error: fault('the interpreter died') }
  if (part < 0.2) return { kind: 'completed', contextText: '{}' }
  const output = { ...(JSON.parse(inputText) as object), [`done_${taskId}`]: attempt, last: taskId }
  return { kind: 'completed', contextText: JSON.stringify(output) }
}

/** Returns the fate of an event, which is the same at each call. */
export function eventFate(eventText: string): 'value' | 'dropped' | 'failed' {
  const part = hashOf(`fate ${eventText}`) / 2 ** 32
  if (part < 0.1) return 'dropped'
  return part < 0.15 ? 'failed' : 'value'
}

function accumulated({ mode, events, source }: AccumulateRequest, draw: number): AccumulateAnswer {
  if (mode === 'poll') {
    const valueText = JSON.stringify({ polled: `${source} ${draw}` })
    return { kind: 'answered', results: [draw < 0.3 ? { kind: 'value', valueText } : { kind: 'dropped' }] }
  }
  if (mode === 'batch') return { kind: 'answered', results: [{ kind: 'value', valueText: `[${events.join(',')}]` }] }
  const results = events.map((valueText) => {
    const fate = eventFate(valueText)
    if (fate === 'dropped') return { kind: 'dropped' } as const
    if (fate === 'failed') return { kind: 'failed', error: fault('bad event') } as const
    return { kind: 'value', valueText } as const
  })
  // Python may answer for the first of a batch only.
  return {
    kind: 'answered',
    results: draw < 0.2 ? results.slice(0, Math.max(1, Math.ceil(results.length / 2))) : results,
  }
}
