/**
 * One interpreter, as the engine sees it. Each request gets exactly one answer, also when the process ends. Owned by
 * `interpreter-supervisor.ts`, which starts another one after its end.
 */

import { eachLogPiece } from '../../border/log-pieces.ts'
import type {
  FromInterpreter,
  GenerationNumber,
  LoadTarget,
  Outcome,
  ProgramTarget,
  RunningProgram,
  StackToken,
  StartData,
  ToInterpreter,
} from '../../border/protocol.ts'
import type { Clock } from '../../engine/clock-port.ts'
import type { PollRequest, TaskRequest } from '../../engine/ports.ts'
import { HostError } from '../../errors.ts'
import type { Peer, PeerKind } from '../peers/peer.ts'
import { type CallResult, type InterpreterEnd, type InterpreterEvents, overdueEnd, toReply } from './call-answers.ts'
import { LEASE_LOST } from './call-outcomes.ts'
import type { LimitedResource } from './control-line.ts'
import { maxResidentMebibytes } from './host-limits.ts'
import { type EngineMessage, InterpreterChild } from './interpreter-child.ts'
import { InterpreterOutput, type OutputMessage } from './interpreter-output.ts'
import { scriptLabel } from './labels.ts'
import {
  type OpenRequest,
  OpenRequests,
  type SettleRequest,
  stillRunningOutcome,
  taskRequest,
} from './open-requests.ts'
import { ProcessSignals } from './process-signals.ts'
import { SentRequests } from './sent-requests.ts'
import { StackQuestion, type StackReport, stackReport } from './stack-report.ts'
import { OUT_OF_LEASE, RunLimits } from './supervision/run-limits.ts'
import { TimeSlices } from './time-slices.ts'
import { Watchdog } from './watchdog.ts'

/** Time for exit functions and for the remaining work of threads. */
const FINISH_WITHIN_MS = 2_000

const SKIPPED: Outcome = { kind: 'skipped', reason: null }

export class InterpreterProcess {
  readonly #child: InterpreterChild
  readonly #kind: PeerKind
  readonly #events: InterpreterEvents
  readonly #output: InterpreterOutput | null
  readonly #watchdog: Watchdog
  readonly #runLimits: RunLimits
  readonly #clock: Clock
  readonly #processSignals: ProcessSignals
  readonly #slices: TimeSlices
  #hasPythonThreads = false
  #maxResidentMebibytes = Number.POSITIVE_INFINITY
  readonly #open: OpenRequests
  readonly #stacks: StackQuestion
  readonly #started = Promise.withResolvers<void>()
  #isStarted = false
  #wasKilled = false
  #endedBy: NodeJS.Signals | null = null
  #end: InterpreterEnd | null = null
  readonly #requests: SentRequests

  /** Does not start Python, so that its snapshot can be found in the meantime. */
  constructor(peer: Peer, kind: PeerKind, clock: Clock, events: InterpreterEvents) {
    this.#kind = kind
    this.#events = events
    this.#clock = clock
    this.#child = new InterpreterChild(peer, clock, {
      received: (message) => this.#receive(message),
      nearCeiling: (resource, amount) => this.#uses(resource, amount),
      ended: (reason, signal) => {
        this.#endedBy = signal
        this.#dieOf(`its process ${reason}`)
      },
    })
    this.#open = new OpenRequests(clock)
    const { printed } = events
    this.#output = peer.output && printed && new InterpreterOutput(peer.output, printed, this.#open, clock)
    const { control } = this.#child
    this.#stacks = new StackQuestion(clock, () => this.#post({ type: 'describeStacks' }))
    this.#processSignals = new ProcessSignals(clock, control)
    this.#slices = new TimeSlices(clock, control, () => this.#isShared)
    this.#watchdog = new Watchdog(clock, control, kind.killAfterMs, {
      stop: (token, reason, isCancelled) => this.#post({ type: 'overdue', token, reason, isCancelled }),
      kill: (token, reason) => this.#killBecauseOf(token, reason),
      stuck: () => events.stuck(),
    })
    this.#runLimits = new RunLimits(clock, kind.mayBeKilled ? control : null, {
      stop: (token) => {
        this.#open.leaseEnded(token)
        this.#watchdog.cancel(token, LEASE_LOST)
      },
      kill: (token) => this.#killWithoutLease(token),
    })
    this.#requests = new SentRequests({
      ...{ open: this.#open, watchdog: this.#watchdog, runLimits: this.#runLimits },
      post: (message) => this.#post(message),
      added: () => this.#slices.update(),
    })
  }

  /** Starts Python. Rejects with `INTERPRETER_START_FAILED`. */
  async start(data: StartData): Promise<void> {
    this.#maxResidentMebibytes = maxResidentMebibytes(data.ceilings)
    this.#post({ type: 'start', data })
    await this.#started.promise
  }

  get wasKilled(): boolean {
    return this.#wasKilled
  }

  /** Signal that ended its process, unless the engine sent it. */
  get endedBy(): NodeJS.Signals | null {
    return this.#endedBy
  }

  /** Settles when Python runs. Rejects with `INTERPRETER_START_FAILED` if the process ends first. */
  get started(): Promise<void> {
    return this.#started.promise
  }

  get isReady(): boolean {
    return this.#isStarted && this.#end === null
  }

  get isQuiet(): boolean {
    return this.#open.size === 0
  }

  /** Last reported memory of its process; null before the first report. */
  get memoryMebibytes() {
    return this.#child.control.memoryMebibytes
  }

  get hasEnded(): boolean {
    return this.#end !== null
  }

  load(generation: GenerationNumber, script: string, target: LoadTarget, deadlineMs: number): Promise<CallResult> {
    return this.ask({ label: scriptLabel(script), deadlineMs, slot: null, names: { script } }, (token) => {
      return { type: 'load', token, generation, script, target }
    })
  }

  unload(generation: GenerationNumber): void {
    this.#post({ type: 'unload', generation })
  }

  takeState(generation: GenerationNumber, deadlineMs: number): Promise<CallResult> {
    return this.ask({ label: 'saving the state of a script', deadlineMs, slot: null }, (token) => {
      return { type: 'takeState', token, generation }
    })
  }

  giveState(generation: GenerationNumber, stateJson: string, deadlineMs: number): Promise<CallResult> {
    return this.ask({ label: 'restoring the state of a script', deadlineMs, slot: null }, (token) => {
      return { type: 'giveState', token, generation, stateJson }
    })
  }

  /** Sends polls of one tick together. `trigger`: number of its declaration. Uses no promise, to be fast. */
  poll(trigger: number, label: string, request: PollRequest, settle: SettleRequest): void {
    const { deadlineMs, startLimit, log, stateText, maxStateBytes = Number.MAX_SAFE_INTEGER } = request
    const message = stateText === undefined ? trigger : { trigger, stateText, maxStateBytes }
    if (this.#end !== null) settle({ kind: 'lost', end: this.#end })
    else if (this.#open.isLeftBehind(label)) settle(stillRunningOutcome(label))
    else this.#requests.send({ label, deadlineMs, startLimit, message, slot: null, names: request, log, settle })
  }

  runTask(generation: GenerationNumber, task: TaskRequest): Promise<CallResult> {
    const { entry, message } = taskRequest(generation, task)
    return this.ask(entry, message)
  }

  /** Stops the calls of an execution. `scripts`: all scripts of this interpreter. */
  cancelTasks(executionId: string, scripts: readonly string[]): void {
    for (const token of this.#open.cancel(executionId, scripts)) this.#watchdog.cancel(token, 'cancelled')
  }

  runProgram(target: ProgramTarget | RunningProgram): Promise<CallResult> {
    return this.ask({ label: 'the program', deadlineMs: null, slot: null }, (token) => {
      return { type: 'program', token, target }
    })
  }

  reply(id: number, valueJson: string, contextText: string | null): void {
    this.#post({ type: 'reply', id, valueJson, contextText })
  }

  refuse(id: number, type: string, message: string): void {
    this.#post({ type: 'refusal', id, fault: { type, message } })
  }

  suspendLimit(token: StackToken): () => void {
    return this.#watchdog.suspend(token)
  }

  /** Delivers a signal to the program. Returns the milliseconds since the oldest signal that it has not taken. */
  signal(signum: number): number {
    return this.#end === null ? this.#processSignals.raise(signum) : 0
  }

  /** Ends Python in order, or kills it at the time limit. Settles when its process is gone. */
  async close(reason = 'it was closed'): Promise<void> {
    if (!this.#isStarted) return this.kill(reason)
    const limit = Promise.withResolvers<void>()
    const timer = this.#clock.wakeAfter(FINISH_WITHIN_MS, limit.resolve)
    await Promise.race([this.#finish(), limit.promise])
    timer.cancel()
    this.kill(reason)
    await this.#child.gone()
    await this.#output?.drain()
  }

  kill(reason: string): void {
    this.#wasKilled = true
    this.#dieOf(reason)
  }

  /** Whether more than one stack may want to run, or a request for stacks is open. */
  get #isShared(): boolean {
    if (!this.#kind.needsSlices) return false
    return this.#hasPythonThreads || this.#open.size > 1 || this.#stacks.isOpen
  }

  /** Returns the reason why no call makes progress. */
  async describeStacks(withinMs: number): Promise<StackReport> {
    const answer = this.#stacks.ask(withinMs)
    this.#slices.update()
    const stacksJson = await answer
    const running = this.#open.get(this.#child.control.runningToken)?.label ?? null
    const dumped = stacksJson === null ? await this.#child.stacks() : null
    return stackReport(this.#child.pid, this.#open.ages(), { running, dumped }, stacksJson)
  }

  /** Stops the watchdog first, because no other call runs and has a deadline. */
  #finish(): Promise<CallResult> {
    this.#watchdog.stop()
    return this.ask({ label: 'the shutdown of Python', deadlineMs: null, slot: null }, (token) => ({
      type: 'finish',
      token,
    }))
  }

  ask(
    entry: Omit<OpenRequest, 'settle' | 'message'>,
    message: Exclude<OpenRequest['message'], number>,
  ): Promise<CallResult> {
    if (this.#end !== null) return Promise.resolve({ kind: 'lost', end: this.#end })
    if (this.#open.isLeftBehind(entry.label)) return Promise.resolve(stillRunningOutcome(entry.label))
    return new Promise((settle) => this.#requests.send({ ...entry, message, settle }))
  }

  #settleAll({ skipped, tokens, outcomes }: Extract<FromInterpreter, { readonly type: 'outcomes' }>): void {
    for (const token of skipped) this.#settle(token, SKIPPED)
    for (const [index, outcome] of outcomes.entries()) this.#settle(tokens[index] ?? 0, outcome)
  }

  #settle(token: StackToken, result: CallResult): void {
    this.#output?.callEnds(token)
    this.#requests.settle(token, result)
  }

  #post(message: ToInterpreter): void {
    if (this.#end === null) this.#child.post(message)
  }

  #receive(message: EngineMessage): void {
    if (message.type === 'printed' || message.type === 'logged') this.#output?.received(message)
    else this.#handle(message)
  }

  #handle(message: Exclude<EngineMessage, OutputMessage>): void {
    switch (message.type) {
      case 'outcomes':
        this.#settleAll(message)
        break
      case 'notStarted':
        this.#requests.notStarted(message.tokens)
        break
      case 'logs':
        eachLogPiece(message, (token, piece) => this.#open.logOf(token)?.(piece))
        break
      case 'exited':
        this.#programExited(message.token, message.exitCode)
        break
      case 'declared':
        this.#events.declared(message.generation, message.declarationsJson, this)
        break
      case 'call':
        this.#events.call(message, this.#open.get(message.token) ?? null, this)
        break
      case 'threadsRun':
        this.#hasPythonThreads = message.isAny
        this.#slices.update()
        break
      case 'watchSignal':
        this.#processSignals.watch(message.signum, message.isWatched)
        break
      case 'usesMany':
        this.#uses(message.resource, message.count)
        break
      case 'stacks':
        this.#stacks.answered(message.stacksJson)
        break
      case 'notice':
        this.#events.notice(message.message)
        break
      case 'tookSignals':
        this.#processSignals.taken()
        break
      case 'acknowledged':
        this.#watchdog.acknowledged(message.token)
        break
      case 'fatal':
        this.#dieOf(message.message, message.token)
        break
      case 'hello':
        this.#dieOf(this.#kind.refusal(message))
        break
      case 'snapshotStep':
      case 'snapshot':
        this.#dieOf('it sent a memory snapshot that the engine did not request')
        break
      case 'ready':
        this.#ready(message.notice)
        break
      default:
        this.#settle(message.token, toReply(message))
    }
  }

  #programExited(token: StackToken, exitCode: number): void {
    this.#requests.settle(token, { kind: 'programEnded', exitCode })
    this.#dieOf('its program exited')
  }

  #ready(notice: string | null): void {
    this.#isStarted = true
    if (notice !== null) this.#events.startNotice(notice)
    // The engine's process need not stay for an idle interpreter.
    this.#child.unref()
    this.#started.resolve()
    if (this.#kind.needsSlices) this.#slices.beginChecks()
  }

  /** `reason`: null for none. `running`: the stack that ran, or 0 if unknown. */
  #dieOf(reason: string | null, running: StackToken = 0): void {
    if (reason !== null) this.#die({ reason, culprit: this.#open.get(running)?.label ?? null, overdue: null })
  }

  #uses(resource: LimitedResource, amount: number): void {
    if (resource === 'memory' && amount > this.#maxResidentMebibytes) {
      const reason = `its process used ${amount} MiB of memory, but its limit is ${this.#maxResidentMebibytes} MiB`
      this.#dieOf(reason, this.#child.control.runningToken)
    } else this.#events.nearCeiling(resource, amount)
  }

  /** Kills the process, after it has reported its last stacks if it can do so while C code runs. */
  #killBecauseOf(token: StackToken, reason: string): void {
    const kill = (stacks: string | null): void => {
      if (this.#end !== null || this.#open.get(token) === undefined) return // ended in the last moment
      if (stacks !== null) this.#events.notice(`Python stacks when the interpreter was killed:\n${stacks}`)
      this.#child.killGroupsOf(token)
      const running = this.#open.get(this.#child.control.runningToken)
      if (this.#kind.mayBeKilled) this.#die(overdueEnd(this.#open.get(token), running, reason))
      else this.#events.notice(this.#open.leaveBehind(token, reason))
    }
    if (!this.#child.tellStacks(kill)) kill(null)
  }

  #killWithoutLease(token: StackToken): void {
    this.#child.killGroupsOf(token)
    if (this.#kind.mayBeKilled) this.#dieOf('the call did not stop')
    else this.#events.notice(this.#open.leaveBehind(token, `${this.#open.get(token)?.label} did not stop`))
  }

  #die(cause: Omit<InterpreterEnd, 'only'>): void {
    if (this.#end !== null) return
    const end = this.#runLimits.isOver ? OUT_OF_LEASE : { ...cause, only: this.#open.onlyLabel }
    this.#end = end
    this.#watchdog.stop()
    this.#processSignals.stop()
    this.#slices.stop()
    this.#runLimits.stop()
    this.#child.kill()
    this.#output?.end()
    this.#open.settleAll({ kind: 'lost', end })
    if (this.#isStarted) this.#events.ended(end)
    else this.#started.reject(new HostError('INTERPRETER_START_FAILED', `Python did not start: ${end.reason}.`))
  }
}
