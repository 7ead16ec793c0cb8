/**
 * Lets polls, tasks, events and runs of graphs into an interpreter, and turns its answers into outcomes. Held by `python-host.ts`.
 *
 * Nearly always the script's interpreter is there, nobody is suspected and no generation is being replaced: then the call is
 * made in this tick of the event loop, and one promise carries its answer. Else it waits at the doorway.
 */

import { type GenerationNumber, PROGRAM_GENERATION } from '../border/protocol.ts'
import type {
  AccumulateAnswer,
  AccumulateRequest,
  NotEntered,
  PollRequest,
  RunGraphAnswer,
  RunGraphRequest,
  ScriptHost,
  TaskRequest,
  TaskSlot,
} from '../engine/ports.ts'
import type { AttemptOutcome } from '../model/execution.ts'
import type { PollOutcome } from '../model/trigger.ts'
import { Doorway, type LetIn } from './doorway.ts'
import { accumulateThrough, runGraphThrough } from './graph-entries.ts'
import type { Answer } from './process/answers.ts'
import type { InterpreterProcess } from './process/interpreter-process.ts'
import type { InterpreterSupervisor, Visit } from './process/interpreter-supervisor.ts'
import { taskLabel, triggerLabel } from './process/labels.ts'
import {
  attemptOutcomeOf,
  type EntryAnswer,
  NOT_ENTERED,
  NOT_SERVED,
  pollOutcomeOf,
  refused,
} from './process/outcomes.ts'
import type { Generation } from './scripts/generation.ts'
import type { ScriptGenerations } from './scripts/script-generations.ts'

/** Where scripts live. */
export interface Homes {
  /** Undefined for a script that is not served, and when the host is closed. */
  of(script: string): InterpreterSupervisor | undefined
  /** It lives alone, because of a poll or task that an interpreter had to be ended for. */
  isQuarantined(script: string): boolean
  with(interpreter: InterpreterProcess): InterpreterSupervisor | undefined
  all(): readonly InterpreterSupervisor[]
}

type Call = (generation: Generation, interpreter: InterpreterProcess) => Promise<EntryAnswer>

interface Entering {
  readonly script: string
  readonly label: string
  readonly call: Call
  /** Of a task: others have it while the task is kept away. */
  readonly slot?: TaskSlot
}

export type Enter = (label: string, stopping: AbortSignal | undefined, call: Call) => Promise<EntryAnswer>

export class Entrance implements ScriptHost {
  readonly #homes: Homes
  readonly #generations: ScriptGenerations
  readonly #doorway = new Doorway()

  constructor(homes: Homes, generations: ScriptGenerations) {
    this.#homes = homes
    this.#generations = generations
  }

  poll(request: PollRequest): Promise<PollOutcome | NotEntered> {
    return this.#pollAtOnce(request) ?? this.#pollInTurn(request)
  }

  #pollInTurn(request: PollRequest): Promise<PollOutcome | NotEntered> {
    const enter: Enter = (label, stopping, call) => this.#enter({ script: request.script, label, call }, stopping)
    return pollThrough(request, enter, this.#homes)
  }

  runTask(request: TaskRequest): Promise<AttemptOutcome | NotEntered> {
    const { script, slot } = request
    const ahead = this.#generations.aheadFor(script, request.workflow)
    if (ahead !== undefined) return this.ofGeneration(ahead.number).runTask(request)
    const enter: Enter = (label, stopping, call) => this.#enter({ script, label, call, slot }, stopping)
    return runThrough(request, enter, this.#homes)
  }

  accumulate(request: AccumulateRequest): Promise<AccumulateAnswer> {
    return accumulateThrough(request, (label, stopping, call) => {
      return this.#enter({ script: request.script, label, call }, stopping)
    })
  }

  runGraph(request: RunGraphRequest): Promise<RunGraphAnswer> {
    return runGraphThrough(request, (label, stopping, call) => {
      return this.#enter({ script: request.script, label, call }, stopping)
    })
  }

  cancelTasks(executionId: string): void {
    for (const home of this.#homes.all()) home.cancelTasks(executionId)
  }

  /** Polls and runs in one generation of a script, also while it is being loaded: for the runners that it opens itself. */
  ofGeneration(number: GenerationNumber): ScriptHost {
    if (number === PROGRAM_GENERATION) return this
    const enter: Enter = (label, _stopping, call) => this.#enterGeneration(number, label, call)
    return {
      poll: (request) => pollThrough(request, enter, this.#homes),
      runTask: (request) => runThrough(request, enter, this.#homes),
      accumulate: (request) => accumulateThrough(request, enter),
      runGraph: (request) => runGraphThrough(request, enter),
      cancelTasks: (executionId) => this.cancelTasks(executionId),
    }
  }

  #enter(entering: Entering, stopping: AbortSignal | undefined): Promise<EntryAnswer> {
    const { script, label, call } = entering
    const home = this.#openHome(script)
    const generation = this.#generations.inUse(script)
    const interpreter = home?.open ?? null
    if (home !== null && generation !== undefined && interpreter !== null)
      return home.enterNow(interpreter, label, visitTo(generation, call))
    return this.#doorway.pass(stopping, (letIn) => this.#enterInTurn(entering, letIn))
  }

  /** Of a script that is there and is not being replaced; else null. */
  #openHome(script: string): InterpreterSupervisor | null {
    return this.#generations.handover(script) === undefined ? (this.#homes.of(script) ?? null) : null
  }

  /** The same for a poll that need not wait, of which there may be thousands a second: with one promise. Null where it has to. */
  #pollAtOnce(request: PollRequest): Promise<PollOutcome | NotEntered> | null {
    const { script, trigger, deadlineMs } = request
    const home = this.#openHome(script)
    const generation = this.#generations.inUse(script)
    const interpreter = home?.open ?? null
    if (home === null || generation === undefined || interpreter === null) return null
    const called = generation.polled(trigger)
    if (called === null) return null
    const { number, label } = called
    return new Promise((resolve) => {
      generation.entered()
      const place = home.entered(label)
      const finish = (answer: Answer) => {
        home.left(label, place, generation, answer.kind !== 'lost')
        const alone = aloneSince(answer, script, this.#homes)
        resolve(pollOutcomeOf(answer, { label, deadlineMs, alone }))
      }
      interpreter.poll(number, label, request, (answer) => {
        if (answer.kind !== 'lost') finish(answer)
        else queueMicrotask(() => finish(answer)) // it is inside until it is known who is to blame
      })
    })
  }

  /** Into the generation that is in use when its turn has come. */
  async #enterInTurn({ script, label, call, slot }: Entering, letIn: LetIn<EntryAnswer>): Promise<EntryAnswer> {
    for (;;) {
      if (slot !== undefined) await this.#homes.of(script)?.backOffEnd(label, slot)
      const handover = this.#generations.handover(script)
      if (handover !== undefined) await handover
      const home = this.#homes.of(script)
      if (home === undefined) return this.#enterFirst(script, label, call)
      const answer = await home.enter(script, label, () => {
        const generation = this.#generations.inUse(script)
        if (generation === undefined) return null
        return visitTo(generation, (present, interpreter) => letIn(() => call(present, interpreter)))
      })
      // Another one of that name, which it stood behind, has made the interpreter die meanwhile: a task waits anew.
      if (slot === undefined || answer.kind !== 'refused' || !answer.isBackedOff) return answer
    }
  }

  /** A script that runs its workflows while it is loaded for the first time. */
  #enterFirst(script: string, label: string, call: Call): Promise<EntryAnswer> {
    const generation = this.#generations.presentOf(script)
    if (generation === undefined) return Promise.resolve(NOT_SERVED)
    return this.#enterGeneration(generation.number, label, call)
  }

  /** Nothing is waited for. */
  #enterGeneration(number: GenerationNumber, label: string, call: Call): Promise<EntryAnswer> {
    const generation = this.#generations.get(number)
    const interpreter = generation?.interpreter ?? null
    const home = interpreter === null ? undefined : this.#homes.with(interpreter)
    if (generation === undefined || interpreter === null || home === undefined)
      return Promise.resolve(refused('the script is no longer loaded'))
    return home.enterLoading(interpreter, label, visitTo(generation, call))
  }
}

function visitTo(generation: Generation, call: Call): Visit {
  return {
    begin(interpreter) {
      generation.entered()
      return call(generation, interpreter)
    },
    left: () => generation.left(),
  }
}

function pollThrough(request: PollRequest, enter: Enter, homes: Homes): Promise<PollOutcome | NotEntered> {
  const { script, trigger, deadlineMs, stopping } = request
  const label = triggerLabel(trigger)
  const answered = enter(label, stopping, (generation, interpreter) => {
    const called = generation.polled(trigger)
    // The generation that is in use by now does not declare it: nobody wants to know any more.
    if (called === null) return Promise.resolve(NOT_ENTERED)
    return new Promise((settle) => interpreter.poll(called.number, label, request, settle))
  })
  return answered.then((answer) =>
    pollOutcomeOf(answer, { label, deadlineMs, alone: aloneSince(answer, script, homes) }),
  )
}

function runThrough(request: TaskRequest, enter: Enter, homes: Homes): Promise<AttemptOutcome | NotEntered> {
  const label = taskLabel(request)
  const { script, deadlineMs, inputText, stopping } = request
  const answered = enter(label, stopping, (generation, interpreter) => {
    const isUnserved = request.runs === undefined && !generation.declaresWorkflow(request.workflow)
    return isUnserved ? Promise.resolve(NOT_SERVED) : interpreter.runTask(generation.number, request)
  })
  return answered.then((answer) => {
    return attemptOutcomeOf(answer, { label, deadlineMs, inputText, alone: aloneSince(answer, script, homes) })
  })
}

/** The script of a poll or task that an interpreter was lost with, where that was what it is quarantined for. */
function aloneSince(answer: EntryAnswer, script: string, homes: Homes): string | null {
  return answer.kind === 'lost' && homes.isQuarantined(script) ? script : null
}
