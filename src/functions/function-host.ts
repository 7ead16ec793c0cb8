/**
 * Polls and runs the functions of TypeScript and JavaScript scripts for the engine. Errors of functions are outcomes
 * and are never thrown. The caller loads the files. After a reload, running calls continue with their old functions.
 */

import type { ModuleFunctions, ModuleTrigger } from '../authoring/function-types.ts'
import type { Clock, RunLimit } from '../engine/clock-port.ts'
import type { PollRequest, TaskRequest, TaskResult, TickResult } from '../engine/ports.ts'
import { LEASE_LOST, leaseFault, NOT_SERVED, NOT_STARTED, NOT_STARTED_IN_TIME } from '../host/process/call-outcomes.ts'
import { calledNames, taskLabel, triggerLabel } from '../host/process/labels.ts'
import { limitedFault } from '../model/fault.ts'
import { checkedFirings, type PollOutcome } from '../model/trigger.ts'
import { ExecutionMasks } from '../output/execution-masks.ts'
import type { SecretProvider } from '../secrets/provider.ts'
import { attemptOutcome, maskedFault, missingTask, runAttempt } from './attempt.ts'
import type { AttemptRequest } from './calls/attempt-request.ts'
import { CallOutput } from './calls/call-output.ts'
import { installScopes, runInScope } from './calls/call-scope.ts'
import { CancelledError, toPythonFault } from './calls/faults.ts'
import { type CallEnd, type CalledFunction, type CallPorts, FunctionCall } from './calls/function-call.ts'
import { OpenCalls } from './calls/open-calls.ts'
import type { Printer } from './calls/printing.ts'
import { END_AFTER_MS, RunLimitWatch } from './calls/run-limit.ts'
import { AttemptTools, CallTools, type ToolPorts } from './calls/tools.ts'
import { checkedText } from './checked-text.ts'
import { MutableState } from './mutable-state.ts'
import { type EndedPoll, invalidContextText, pollResult } from './poll-result.ts'

export interface FunctionHostOptions {
  readonly clock: Clock
  readonly printer: Printer
  readonly secrets: SecretProvider | null
  readonly logLimits: { readonly attemptBytes: number; readonly pollBytes: number }
  readonly notice: (message: string) => void
}

/** Request that another thread may have made. */
interface Numbered {
  /** Number of the request in that thread. Default: 0. */
  readonly number?: number | undefined
}

export class FunctionHost {
  readonly #options: FunctionHostOptions
  readonly #open: OpenCalls<FunctionCall>
  readonly #calls: CallPorts
  readonly #masks = new ExecutionMasks()
  readonly #tools: ToolPorts
  readonly #scopes = installScopes()
  readonly #scripts = new Map<string, ModuleFunctions>()
  #lastNumber = 0

  constructor(options: FunctionHostOptions) {
    const { clock, secrets, notice } = options
    this.#options = options
    this.#open = new OpenCalls(clock)
    const makeOutput = (called: CalledFunction) => this.#outputOf(called)
    this.#calls = { clock, notice, open: this.#open, makeOutput }
    this.#tools = { clock, secrets, masksOf: (executionId) => this.#masks.of(executionId) }
  }

  use(script: string, functions: ModuleFunctions): void {
    this.#scripts.set(script, functions)
  }

  /** Stops new calls of the script. Running ones continue. */
  remove(script: string): void {
    this.#scripts.delete(script)
  }

  has(script: string): boolean {
    return this.#scripts.has(script)
  }

  poll(request: PollRequest & Numbered): Promise<TickResult> {
    const { script, trigger, deadlineMs, log, stopping, number } = request
    const declared = this.#scripts.get(script)?.triggers.get(trigger)
    if (declared === undefined || declared.poll === null) return Promise.resolve(NOT_STARTED)
    if (this.#isLate(request) || isOutdated(declared, request)) return Promise.resolve(NOT_STARTED_IN_TIME)
    const { poll } = declared
    const state = stateFor(declared, request)
    const label = triggerLabel(trigger)
    const call = new FunctionCall(
      { label, script, executionId: null, deadlineMs, log, number, names: request },
      this.#calls,
    )
    const end = call.begin(() => poll(new CallTools(call, trigger, stopping, state?.values)))
    const ended = { trigger, deadlineMs, onChange: declared.onChange, state }
    if (end instanceof Promise) return end.then((settled) => this.#polled(call, declared, ended, settled))
    return Promise.resolve(this.#polled(call, declared, ended, end))
  }

  async runTask(request: AttemptRequest & Numbered): Promise<TaskResult> {
    const { script, taskId, executionId, deadlineMs, runLimit, log, inputText, number } = request
    const called = calledNames(request)
    const tasks = this.#scripts.get(script)?.tasks.get(called.workflow)
    if (tasks === undefined) return NOT_SERVED
    const task = tasks.get(called.taskId)
    const label = taskLabel(request)
    if (task === undefined) return missingTask(label, script)
    if (this.#isLate(request)) return NOT_STARTED_IN_TIME
    if (runLimit !== undefined && this.#options.clock.monotonic() >= runLimit.until)
      return { kind: 'lost', error: leaseFault(label) }
    const call = new FunctionCall({ label, script, executionId, deadlineMs, log, number, names: request }, this.#calls)
    const tools = new AttemptTools(call, request, this.#tools)
    using _watch = this.#watchRunLimit(call, runLimit)
    const begun = call.begin(() => runAttempt({ task, taskId, inputText, call, tools }))
    const outcome = attemptOutcome(begun instanceof Promise ? await begun : begun, label, deadlineMs)
    call.flush()
    return this.#masked(request, outcome)
  }

  #watchRunLimit(call: FunctionCall, limit: RunLimit | undefined): Disposable | null {
    if (limit === undefined) return null
    return new RunLimitWatch(this.#options.clock, limit, () => endLease(call, END_AFTER_MS))
  }

  /** Stops the attempt with this number, whose thread is ended if it does not stop. */
  endLease(number: number): void {
    for (const call of this.#open) if (call.number === number) endLease(call)
  }

  /** Called in the same tick as the function. */
  #isLate({ startLimit }: Pick<PollRequest | TaskRequest, 'startLimit'>): boolean {
    return startLimit !== undefined && this.#options.clock.monotonic() >= startLimit.until
  }

  /** Stops the attempts of an execution. Each settles as `cancelled`, or with the outcome that it has anyway. */
  cancelTasks(executionId: string): void {
    for (const call of this.#open) {
      if (call.executionId !== executionId) continue
      const reason = new CancelledError(`${call.label} was stopped because its execution was cancelled`)
      call.stop({ kind: 'cancelled', reason })
    }
  }

  underWay(): readonly string[] {
    return [...this.#open].map(({ label }) => label)
  }

  /** Returns labels of calls of the selected scripts that may have blocked the thread at a monotonic time. */
  suspects(isMeant: (script: string) => boolean, at: number): readonly string[] {
    return [...new Set(this.#open.suspects(isMeant, at).map(({ label }) => label))]
  }

  /** Rejects new calls. Asks running ones to end, and gives them up a second later. */
  close(): void {
    for (const call of this.#open) call.stop({ kind: 'stopping', reason: new CancelledError('The runner was closed') })
    this.#scripts.clear()
    this.#open.close()
    this.#scopes[Symbol.dispose]()
  }

  #polled(
    call: FunctionCall,
    { checkFired }: ModuleTrigger,
    ended: EndedPoll,
    end: CallEnd,
  ): TickResult | Promise<TickResult> {
    const outcome = pollResult(end, ended)
    if (checkFired !== null && outcome.kind === 'fired') {
      return this.#checked(call, outcome, ended.trigger, checkFired)
    }
    call.flush()
    return outcome
  }

  /** Returns the contexts as converted by the schema of the workflow's input. */
  async #checked(
    call: FunctionCall,
    outcome: Extract<PollOutcome, { kind: 'fired' }>,
    trigger: string,
    checkFired: NonNullable<ModuleTrigger['checkFired']>,
  ): Promise<TickResult> {
    try {
      const firings = await runInScope(call, () =>
        checkedFirings(outcome.firings, (contextText) => checkedText(checkFired, contextText ?? '{}')),
      )
      return { ...outcome, firings, isChecked: true }
    } catch (thrown) {
      return { kind: 'failed', error: limitedFault(toPythonFault(thrown, invalidContextText(trigger))) }
    } finally {
      call.flush()
    }
  }

  #outputOf({ executionId, log, names }: CalledFunction): CallOutput {
    const { clock, printer, logLimits } = this.#options
    this.#lastNumber += 1
    return new CallOutput({
      ...{ clock, printer, names, sink: log, number: this.#lastNumber },
      limitBytes: executionId === null ? logLimits.pollBytes : logLimits.attemptBytes,
      masks: () => (executionId === null ? null : this.#masks.known(executionId)),
    })
  }

  #masked({ executionId, taskId }: AttemptRequest, outcome: TaskResult): TaskResult {
    const masks = this.#masks.known(executionId)
    if (outcome.kind === 'notStarted' || outcome.kind === 'parked' || outcome.kind === 'tryLater') return outcome
    if (outcome.kind !== 'completed') return { ...outcome, error: maskedFault(outcome.error, masks) }
    if (masks?.isTold(outcome.contextText)) {
      this.#options.notice(
        `task "${taskId}" put the value of a secret into its context, which is stored and shown. Call secret() in ` +
          `each task that needs the secret.`,
      )
    }
    return outcome
  }
}

/** Nothing can end a function in the thread of the engine. It is given up, and its outcome is `lost`. */
function endLease(call: FunctionCall, giveUpAfterMs?: number): void {
  const reason = new CancelledError(`${call.label} was stopped because ${LEASE_LOST}`)
  call.stop({ kind: 'outOfLease', reason, ...(giveUpAfterMs !== undefined && { giveUpAfterMs }) })
}

/** Whether the script was loaded again, with a function that takes a state, after the request was made without one. */
function isOutdated(declared: ModuleTrigger, { stateText }: PollRequest): boolean {
  return declared.stateText !== null && stateText === undefined
}

function stateFor(declared: ModuleTrigger, request: PollRequest): MutableState | null {
  const { stateText, maxStateBytes = Number.POSITIVE_INFINITY } = request
  return declared.stateText === null || stateText === undefined ? null : new MutableState(stateText, maxStateBytes)
}
