/**
 * The functions of TypeScript and JavaScript scripts, as the engine sees them: polls, runs tasks, and reports outcomes as values.
 * It decides nothing: what a function throws is an outcome, never a throw. It knows nothing of files: who loads them hands it the
 * functions. Of a script that is loaded anew, what is under way ends in the functions that it began in.
 */

import type { ModuleFunctions, ModuleTrigger } from '../authoring/types.ts'
import type { Clock, NotEntered, PollRequest, TaskRequest } from '../engine/ports.ts'
import { calledNames, taskLabel, triggerLabel } from '../host/process/labels.ts'
import type { AttemptOutcome } from '../model/execution.ts'
import { boundedFault } from '../model/fault.ts'
import type { PollOutcome } from '../model/trigger.ts'
import type { SecretProvider } from '../secrets/provider.ts'
import { runAttempt } from './attempt.ts'
import { CallOutput } from './calls/call-output.ts'
import { inScope, installScopes } from './calls/call-scope.ts'
import { CancelledError, faultOf } from './calls/faults.ts'
import { type CallEnd, type Called, type CallPorts, FunctionCall } from './calls/function-call.ts'
import { OpenCalls } from './calls/open-calls.ts'
import type { Printer } from './calls/printing.ts'
import { SecretMasks } from './calls/secret-masks.ts'
import { AttemptTools, CallTools, type ToolPorts } from './calls/tools.ts'
import { checkedText } from './checked-text.ts'
import {
  attemptOutcomeOf,
  LATE,
  maskedFault,
  missingTask,
  NOT_ENTERED,
  NOT_SERVED,
  pollOutcomeOf,
  unfitting,
} from './outcomes.ts'

export interface FunctionHostOptions {
  readonly clock: Clock
  readonly printer: Printer
  readonly secrets: SecretProvider | null
  /** Of the log of an attempt, and of a poll. */
  readonly logLimits: { readonly attemptBytes: number; readonly pollBytes: number }
  /** One line worth a log entry. */
  readonly notice: (message: string) => void
}

/** A request that another thread has made. */
interface Numbered {
  /** What that knows it by; 0 unless given. */
  readonly number?: number | undefined
}

const SHORT_ID = 8
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what this is about
const CONTROLS = /[\0-\x1f\x7f-\x9f]/g
const NO_PREFIX = () => ''

export class FunctionHost {
  readonly #options: FunctionHostOptions
  readonly #open: OpenCalls
  readonly #calls: CallPorts
  readonly #masks = new SecretMasks()
  readonly #tools: ToolPorts
  readonly #scopes = installScopes()
  /** By script: its functions now. */
  readonly #scripts = new Map<string, ModuleFunctions>()
  #lastNumber = 0

  constructor(options: FunctionHostOptions) {
    const { clock, secrets, notice } = options
    this.#options = options
    this.#open = new OpenCalls(clock)
    const makeOutput = (called: Called) => this.#outputOf(called)
    this.#calls = { clock, notice, open: this.#open, makeOutput }
    this.#tools = { clock, secrets, masksOf: (executionId) => this.#masks.of(executionId) }
  }

  /** From now on these are the functions of the script. */
  use(script: string, functions: ModuleFunctions): void {
    this.#scripts.set(script, functions)
  }

  /** Nothing of the script is called any more; what is under way goes on. */
  remove(script: string): void {
    this.#scripts.delete(script)
  }

  has(script: string): boolean {
    return this.#scripts.has(script)
  }

  poll(request: PollRequest & Numbered): Promise<PollOutcome | NotEntered> {
    const { script, trigger, deadlineMs, log, stopping, number } = request
    const declared = this.#scripts.get(script)?.triggers.get(trigger)
    // The generation that is in use by now does not declare it: nobody wants to know any more.
    if (declared === undefined || declared.poll === null) return Promise.resolve(NOT_ENTERED)
    if (this.#isLate(request)) return Promise.resolve(LATE)
    const { poll } = declared
    const label = triggerLabel(trigger)
    const call = new FunctionCall(
      { label, script, executionId: null, deadlineMs, log, number, prefix: NO_PREFIX },
      this.#calls,
    )
    const end = call.begin(() => poll(new CallTools(call, trigger, stopping)))
    if (end instanceof Promise) return end.then((settled) => this.#polled(call, declared, trigger, settled))
    return Promise.resolve(this.#polled(call, declared, trigger, end))
  }

  async runTask(request: TaskRequest & Numbered): Promise<AttemptOutcome | NotEntered> {
    const { script, taskId, executionId, deadlineMs, log, inputText, number } = request
    const called = calledNames(request)
    const tasks = this.#scripts.get(script)?.tasks.get(called.workflow)
    if (tasks === undefined) return NOT_SERVED
    const task = tasks.get(called.taskId)
    const label = taskLabel(request)
    if (task === undefined) return missingTask(label, script)
    if (this.#isLate(request)) return LATE
    const prefix = () => `[${executionId.slice(0, SHORT_ID)} ${taskId.replace(CONTROLS, '?')}] `
    const call = new FunctionCall({ label, script, executionId, deadlineMs, log, number, prefix }, this.#calls)
    const tools = new AttemptTools(call, request, this.#tools)
    const begun = call.begin(() => runAttempt({ task, taskId, inputText, call, tools }))
    const outcome = attemptOutcomeOf(begun instanceof Promise ? await begun : begun, label)
    call.flush()
    return this.#masked(request, outcome)
  }

  /** Asked in the tick of the event loop in which the function would be called. */
  #isLate({ startLimit }: PollRequest | TaskRequest): boolean {
    return startLimit !== undefined && this.#options.clock.monotonic() >= startLimit.until
  }

  /** Stops what runs of an execution: each of these attempts settles as `cancelled`, or as it would have anyway. */
  cancelTasks(executionId: string): void {
    for (const call of this.#open) {
      if (call.executionId !== executionId) continue
      const reason = new CancelledError(`${call.label} was stopped because its execution was cancelled`)
      call.stop({ kind: 'cancelled', reason })
    }
  }

  /** What is under way, as logs name it. */
  underWay(): readonly string[] {
    return [...this.#open].map(({ label }) => label)
  }

  /** Labels of calls of the scripts that are meant, which may have kept the thread busy at a monotonic time. */
  suspects(isMeant: (script: string) => boolean, at: number): readonly string[] {
    return [...new Set(this.#open.suspects(isMeant, at).map(({ label }) => label))]
  }

  /** Nothing is called any more. What is under way is asked to end, and given up a second later. */
  close(): void {
    for (const call of this.#open) call.stop({ kind: 'stopping', reason: new CancelledError('The runner was closed') })
    this.#scripts.clear()
    this.#open.close()
    this.#scopes[Symbol.dispose]()
  }

  #polled(
    call: FunctionCall,
    { checkFired }: ModuleTrigger,
    trigger: string,
    end: CallEnd,
  ): PollOutcome | NotEntered | Promise<PollOutcome> {
    const outcome = pollOutcomeOf(end, trigger)
    if (checkFired !== null && outcome.kind === 'fired') {
      return this.#checked(call, outcome.contextText ?? '{}', trigger, checkFired)
    }
    call.flush()
    return outcome
  }

  /** What the schema of the workflow's input makes of a context is what is fired. */
  async #checked(
    call: FunctionCall,
    contextText: string,
    trigger: string,
    checkFired: NonNullable<ModuleTrigger['checkFired']>,
  ): Promise<PollOutcome> {
    try {
      const checked = await inScope(call, () => checkedText(checkFired, contextText))
      return { kind: 'fired', contextText: checked, isChecked: true }
    } catch (thrown) {
      return { kind: 'failed', error: boundedFault(faultOf(thrown, unfitting(trigger))) }
    } finally {
      call.flush()
    }
  }

  #outputOf({ executionId, log, prefix }: Called): CallOutput {
    const { clock, printer, logLimits } = this.#options
    this.#lastNumber += 1
    return new CallOutput({
      ...{ clock, printer, prefix: prefix(), sink: log, number: this.#lastNumber },
      limitBytes: executionId === null ? logLimits.pollBytes : logLimits.attemptBytes,
      masks: () => (executionId === null ? null : this.#masks.known(executionId)),
    })
  }

  #masked({ executionId, taskId }: TaskRequest, outcome: AttemptOutcome | NotEntered): AttemptOutcome | NotEntered {
    const masks = this.#masks.known(executionId)
    if (outcome.kind === 'notEntered') return outcome
    if (outcome.kind !== 'completed') return { ...outcome, error: maskedFault(outcome.error, masks) }
    if (masks?.isTold(outcome.contextText)) {
      this.#options.notice(
        `task "${taskId}" put the value of a secret into its context, which is stored and shown. Call secret() in each task that needs the secret.`,
      )
    }
    return outcome
  }
}
