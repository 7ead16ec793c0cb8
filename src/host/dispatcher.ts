/**
 * Sends polls, tasks, events and runs of graphs to an interpreter, and converts its results. Owned by `python-host.ts`.
 *
 * In most cases the script's interpreter is running, no call is a crash suspect, and no generation is being replaced.
 * The dispatcher then makes the call in this tick of the event loop, with one promise for its result. Otherwise it
 * waits for admission.
 */

import { type GenerationNumber, PROGRAM_GENERATION } from '../border/protocol.ts'
import type {
  AccumulateAnswer,
  AccumulateRequest,
  RunGraphAnswer,
  RunGraphRequest,
} from '../engine/graphs/graph-host.ts'
import type { PollRequest, ScriptHost, TaskRequest, TaskResult, TaskSlot, TickResult } from '../engine/ports.ts'
import { Admission, type Admit } from './admission.ts'
import { accumulateThrough, type CallInterpreter, type Dispatch, runGraphThrough } from './graph-dispatch.ts'
import type { CallResult } from './process/call-answers.ts'
import {
  NOT_SERVED,
  NOT_STARTED,
  NOT_STARTED_IN_TIME,
  refusedCall,
  toAttemptOutcome,
  toTickResult,
} from './process/call-outcomes.ts'
import type { InterpreterProcess } from './process/interpreter-process.ts'
import type { InterpreterSupervisor, SupervisedCall } from './process/interpreter-supervisor.ts'
import { taskLabel, triggerLabel } from './process/labels.ts'
import type { CalledTrigger, Generation } from './scripts/generation.ts'
import type { ScriptGenerations } from './scripts/script-generations.ts'

export interface Placement {
  /** Undefined for a script that is not served, and when the host is closed. */
  of(script: string): InterpreterSupervisor | undefined
  /** Whether the script has an interpreter of its own, because one of its calls crashed or blocked another one. */
  isQuarantined(script: string): boolean
  with(interpreter: InterpreterProcess): InterpreterSupervisor | undefined
  all(): readonly InterpreterSupervisor[]
}

interface QueuedCall {
  readonly script: string
  readonly label: string
  readonly call: CallInterpreter
  /** Slot of a task, which other tasks use while this one is backed off. */
  readonly slot?: TaskSlot
}

export class Dispatcher implements ScriptHost {
  readonly #placement: Placement
  readonly #generations: ScriptGenerations
  readonly #admission = new Admission()

  constructor(placement: Placement, generations: ScriptGenerations) {
    this.#placement = placement
    this.#generations = generations
  }

  poll(request: PollRequest): Promise<TickResult> {
    return this.#pollAtOnce(request) ?? this.#pollInTurn(request)
  }

  #pollInTurn(request: PollRequest): Promise<TickResult> {
    const { script } = request
    const dispatch: Dispatch = (label, stopping, call) => this.#dispatch({ script, label, call }, stopping)
    return pollThrough(request, dispatch, this.#placement)
  }

  runTask(request: TaskRequest): Promise<TaskResult> {
    const { script, slot } = request
    const ahead = this.#generations.aheadFor(script, request.workflow)
    if (ahead !== undefined) return this.ofGeneration(ahead.number).runTask(request)
    const dispatch: Dispatch = (label, stopping, call) => this.#dispatch({ script, label, call, slot }, stopping)
    return runThrough(request, dispatch, this.#placement)
  }

  accumulate(request: AccumulateRequest): Promise<AccumulateAnswer> {
    return accumulateThrough(request, (label, stopping, call) => {
      return this.#dispatch({ script: request.script, label, call }, stopping)
    })
  }

  runGraph(request: RunGraphRequest): Promise<RunGraphAnswer> {
    return runGraphThrough(request, (label, stopping, call) => {
      return this.#dispatch({ script: request.script, label, call }, stopping)
    })
  }

  cancelTasks(executionId: string): void {
    for (const supervisor of this.#placement.all()) supervisor.cancelTasks(executionId)
  }

  /** Returns a host that calls one generation, also while it is being loaded, for the script's own runners. */
  ofGeneration(number: GenerationNumber): ScriptHost {
    if (number === PROGRAM_GENERATION) return this
    const dispatch: Dispatch = (label, _stopping, call) => this.#callGeneration(number, label, call)
    return {
      poll: (request) => pollThrough(request, dispatch, this.#placement),
      runTask: (request) => runThrough(request, dispatch, this.#placement),
      accumulate: (request) => accumulateThrough(request, dispatch),
      runGraph: (request) => runGraphThrough(request, dispatch),
      cancelTasks: (executionId) => this.cancelTasks(executionId),
    }
  }

  #dispatch(queued: QueuedCall, stopping: AbortSignal | undefined): Promise<CallResult> {
    const { script, label, call } = queued
    const supervisor = this.#openSupervisor(script)
    const generation = this.#generations.inUse(script)
    const interpreter = supervisor?.open ?? null
    if (supervisor !== null && generation !== undefined && interpreter !== null)
      return supervisor.call(interpreter, label, callOf(generation, call))
    return this.#admission.wait(stopping, (admit) => this.#callInTurn(queued, admit))
  }

  /** Returns the supervisor of a script that is served and is not being replaced, else null. */
  #openSupervisor(script: string): InterpreterSupervisor | null {
    return this.#generations.handover(script) === undefined ? (this.#placement.of(script) ?? null) : null
  }

  /** Makes a poll with one promise, because there can be thousands a second. Returns null if it has to wait. */
  #pollAtOnce(request: PollRequest): Promise<TickResult> | null {
    const { script, trigger } = request
    const supervisor = this.#openSupervisor(script)
    const generation = this.#generations.inUse(script)
    const interpreter = supervisor?.open ?? null
    if (supervisor === null || generation === undefined || interpreter === null) return null
    const called = generation.polled(trigger)
    if (called === null || isOutdated(called, request)) return null
    const { number, label } = called
    return new Promise((resolve) => {
      generation.began()
      const place = supervisor.began(label)
      const finish = (result: CallResult) => {
        supervisor.ended(label, place, generation, result.kind !== 'lost')
        resolve(toTickResult(result, label, request, quarantinedBy(result, script, this.#placement)))
      }
      interpreter.poll(number, label, request, (result) => {
        if (result.kind !== 'lost') finish(result)
        else queueMicrotask(() => finish(result)) // the poll stays open until the culprit is known
      })
    })
  }

  async #callInTurn({ script, label, call, slot }: QueuedCall, admit: Admit): Promise<CallResult> {
    for (;;) {
      if (slot !== undefined) await this.#placement.of(script)?.backOffEnd(label, slot)
      const handover = this.#generations.handover(script)
      if (handover !== undefined) await handover
      const supervisor = this.#placement.of(script)
      if (supervisor === undefined) return this.#callFirst(script, label, call)
      const result = await supervisor.callInTurn(script, label, () => {
        const generation = this.#generations.inUse(script)
        if (generation === undefined) return null
        return callOf(generation, (present, interpreter) => admit(() => call(present, interpreter)))
      })
      // If an earlier call with this label has crashed the interpreter, a task waits again.
      if (slot === undefined || result.kind !== 'refused' || !result.isBackedOff) return result
    }
  }

  /** Calls a script that runs its workflows while it is loaded for the first time. */
  #callFirst(script: string, label: string, call: CallInterpreter): Promise<CallResult> {
    const generation = this.#generations.presentOf(script)
    if (generation === undefined) return Promise.resolve(NOT_SERVED)
    return this.#callGeneration(generation.number, label, call)
  }

  #callGeneration(number: GenerationNumber, label: string, call: CallInterpreter): Promise<CallResult> {
    const generation = this.#generations.get(number)
    const interpreter = generation?.interpreter ?? null
    const supervisor = interpreter === null ? undefined : this.#placement.with(interpreter)
    if (generation === undefined || interpreter === null || supervisor === undefined)
      return Promise.resolve(refusedCall('the script is no longer loaded'))
    return supervisor.callLoading(interpreter, label, callOf(generation, call))
  }
}

function callOf(generation: Generation, call: CallInterpreter): SupervisedCall {
  return {
    begin(interpreter) {
      generation.began()
      return call(generation, interpreter)
    },
    ended: () => generation.ended(),
  }
}

function pollThrough(request: PollRequest, dispatch: Dispatch, placement: Placement): Promise<TickResult> {
  const { script, trigger, stopping } = request
  const label = triggerLabel(trigger)
  const ended = dispatch(label, stopping, (generation, interpreter) => {
    const called = generation.polled(trigger)
    if (called === null) return Promise.resolve(NOT_STARTED)
    if (isOutdated(called, request)) return Promise.resolve(NOT_STARTED_IN_TIME)
    return new Promise((settle) => interpreter.poll(called.number, label, request, settle))
  })
  return ended.then((result) => toTickResult(result, label, request, quarantinedBy(result, script, placement)))
}

/** Whether the script was loaded again, with a function that takes a state, after the request was made without one. */
function isOutdated({ takesState }: CalledTrigger, { stateText }: PollRequest): boolean {
  return takesState && stateText === undefined
}

function runThrough(request: TaskRequest, dispatch: Dispatch, placement: Placement): Promise<TaskResult> {
  const label = taskLabel(request)
  const { script, deadlineMs, inputText, stopping } = request
  const ended = dispatch(label, stopping, (generation, interpreter) => {
    const isUnserved = request.runs === undefined && !generation.declaresWorkflow(request.workflow)
    return isUnserved ? Promise.resolve(NOT_SERVED) : interpreter.runTask(generation.number, request)
  })
  return ended.then((result) => {
    const quarantined = quarantinedBy(result, script, placement)
    return toAttemptOutcome(result, { label, deadlineMs, inputText, quarantined })
  })
}

/** Returns the script of a poll or task if it got an interpreter of its own because the last one was lost. */
function quarantinedBy(result: CallResult, script: string, placement: Placement): string | null {
  return result.kind === 'lost' && placement.isQuarantined(script) ? script : null
}
