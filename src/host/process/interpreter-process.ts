/**
 * One interpreter, seen from the engine's side: requests out, exactly one answer each, also when its process dies.
 * Owned by `interpreter-supervisor.ts`, which starts another when this one is dead. A dead one stays dead.
 */

import { eachLogPiece } from '../../border/log-pieces.ts'
import type {
  FromInterpreter,
  GenerationNumber,
  LoadTarget,
  ProgramTarget,
  RunningProgram,
  StackToken,
  StartData,
  ToInterpreter,
} from '../../border/protocol.ts'
import type { Clock, PollRequest, TaskRequest, Timer } from '../../engine/ports.ts'
import { HostError } from '../../errors.ts'
import type { Hello, Peer, PeerKind } from '../peers/peer.ts'
import { type Answer, answerOf, type InterpreterEnd, type InterpreterEvents, overdueEnd } from './answers.ts'
import type { Resource } from './control-line.ts'
import { mostResidentMebibytes } from './host-limits.ts'
import { type ForEngine, InterpreterChild } from './interpreter-child.ts'
import { calledNames, scriptLabel, taskLabel } from './labels.ts'
import { type OpenRequest, OpenRequests, stillRuns } from './open-requests.ts'
import { ProcessSignals } from './process-signals.ts'
import { SentRequests } from './sent-requests.ts'
import { StackQuestion, type StackReport, stackReport } from './stack-report.ts'
import { TimeSlices } from './time-slices.ts'
import { Watchdog } from './watchdog.ts'

const CHECK_EVERY_MS = 250
/** For exit functions and for what threads still have to do. */
const FINISH_WITHIN_MS = 2_000

const SKIPPED: Answer = { kind: 'skipped', reason: null }

export class InterpreterProcess {
  readonly #child: InterpreterChild
  readonly #kind: PeerKind
  readonly #events: InterpreterEvents
  readonly #watchdog: Watchdog
  readonly #clock: Clock
  readonly #processSignals: ProcessSignals
  readonly #slices: TimeSlices
  #hasPythonThreads = false
  #mostResidentMebibytes = Number.POSITIVE_INFINITY
  readonly #open: OpenRequests
  readonly #stacks: StackQuestion
  readonly #started = Promise.withResolvers<void>()
  #checkTimer: Timer | null = null
  #isStarted = false
  #untakenSince: number | null = null
  #wasKilled = false
  #endedBy: NodeJS.Signals | null = null
  #end: InterpreterEnd | null = null
  readonly #requests: SentRequests

  /** Nothing is done in its process yet: what it needs for that may be found meanwhile. */
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
    const { control } = this.#child
    this.#stacks = new StackQuestion(clock, () => this.#post({ type: 'describeStacks' }))
    this.#processSignals = new ProcessSignals((signum) => void this.signal(signum))
    this.#slices = new TimeSlices(clock, control, () => this.#isShared)
    this.#watchdog = new Watchdog(clock, control, kind.killAfterMs, {
      stop: (token, reason, isCancelled) => this.#post({ type: 'overdue', token, reason, isCancelled }),
      kill: (token, reason) => this.#killBecauseOf(token, reason),
      stuck: () => events.stuck(),
    })
    this.#requests = new SentRequests({
      open: this.#open,
      watchdog: this.#watchdog,
      post: (message) => this.#post(message),
      added: () => this.#slices.update(),
    })
  }

  /** Starts Python in it. Rejects with `INTERPRETER_START_FAILED`. */
  async start(data: StartData): Promise<void> {
    this.#mostResidentMebibytes = mostResidentMebibytes(data.ceilings)
    this.#post({ type: 'start', data })
    await this.#started.promise
  }

  /** It was ended on purpose, by `kill` or `close`. */
  get wasKilled(): boolean {
    return this.#wasKilled
  }

  /** The signal that ended its process, where nobody here did. */
  get endedBy(): NodeJS.Signals | null {
    return this.#endedBy
  }

  /** Settles when Python runs in it; rejects with `INTERPRETER_START_FAILED` when it ends before. */
  get started(): Promise<void> {
    return this.#started.promise
  }

  /** Python runs in it. */
  get isReady(): boolean {
    return this.#isStarted && this.#end === null
  }

  /** Nothing was asked of it that is not answered. */
  get isQuiet(): boolean {
    return this.#open.size === 0
  }

  /** Of its process, as it said last; null while it has not. */
  get memoryMebibytes() {
    return this.#child.control.memoryMebibytes
  }

  get hasEnded(): boolean {
    return this.#end !== null
  }

  load(generation: GenerationNumber, script: string, target: LoadTarget, deadlineMs: number): Promise<Answer> {
    return this.ask({ label: scriptLabel(script), deadlineMs, slot: null }, (token) => {
      return { type: 'load', token, generation, script, target }
    })
  }

  unload(generation: GenerationNumber): void {
    this.#post({ type: 'unload', generation })
  }

  takeState(generation: GenerationNumber, deadlineMs: number): Promise<Answer> {
    return this.ask({ label: 'saving the state of a script', deadlineMs, slot: null }, (token) => {
      return { type: 'takeState', token, generation }
    })
  }

  giveState(generation: GenerationNumber, stateJson: string, deadlineMs: number): Promise<Answer> {
    return this.ask({ label: 'restoring the state of a script', deadlineMs, slot: null }, (token) => {
      return { type: 'giveState', token, generation, stateJson }
    })
  }

  /** Polls of one tick of the event loop travel together. `message`: what the trigger was declared with. No promise: there are too many. */
  poll(message: number, label: string, request: PollRequest, settle: (answer: Answer) => void): void {
    const { deadlineMs, startLimit, log } = request
    if (this.#end !== null) settle({ kind: 'lost', end: this.#end })
    else if (this.#open.isLeftBehind(label)) settle(stillRuns(label))
    else this.#requests.send({ label, deadlineMs, startLimit, message, slot: null, log, settle })
  }

  runTask(generation: GenerationNumber, task: TaskRequest): Promise<Answer> {
    const { workflow, taskId, inputText, deadlineMs, startLimit, slot, executionId, log } = task
    const names = { executionId, workflow, taskId }
    return this.ask({ label: taskLabel(task), deadlineMs, startLimit, slot, task: names, log }, (token, start) => {
      return { type: 'task', token, generation, ...names, ...calledNames(task), inputText, ...start }
    })
  }

  /** Stops what runs of an execution. `scripts`: all that live here. */
  cancelTasks(executionId: string, scripts: readonly string[]): void {
    for (const token of this.#open.cancel(executionId, scripts)) this.#watchdog.cancel(token, 'cancelled')
  }

  runProgram(target: ProgramTarget | RunningProgram): Promise<Answer> {
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

  /**
   * Delivers a signal to the program: to its handler where Python runs, or by waking it where it waits. Returns for how
   * long it has taken none that it was sent.
   */
  signal(signum: number): number {
    if (this.#end !== null) return 0
    this.#child.control.raise(signum)
    this.#untakenSince ??= this.#clock.monotonic()
    return this.#clock.monotonic() - this.#untakenSince
  }

  /** Ends the interpreter as python ends, or without that when it takes too long. Settles when its process is gone. */
  async close(reason = 'it was closed'): Promise<void> {
    if (!this.#isStarted) return this.kill(reason)
    const limit = Promise.withResolvers<void>()
    const timer = this.#clock.wakeAfter(FINISH_WITHIN_MS, limit.resolve)
    await Promise.race([this.#finish(), limit.promise])
    timer.cancel()
    this.kill(reason)
    await this.#child.gone()
  }

  /** Ends it at once, whatever it does. */
  kill(reason: string): void {
    this.#wasKilled = true
    this.#dieOf(reason)
  }

  /** More than one stack may want to run, or somebody asks what runs. */
  get #isShared(): boolean {
    if (!this.#kind.needsSlices) return false
    return this.#hasPythonThreads || this.#open.size > 1 || this.#stacks.isOpen
  }

  /** Why nothing goes on in it. */
  async describeStacks(withinMs: number): Promise<StackReport> {
    const answer = this.#stacks.ask(withinMs)
    this.#slices.update()
    const stacksJson = await answer
    const running = this.#open.get(this.#child.control.runningToken)?.label ?? null
    const dumped = stacksJson === null ? await this.#child.stacks() : null
    return stackReport(this.#child.pid, this.#open.ages(), { running, dumped }, stacksJson)
  }

  /** Nothing else goes on from then on, so nothing else has a deadline any more. */
  #finish(): Promise<Answer> {
    this.#watchdog.stop()
    return this.ask({ label: 'the shutdown of Python', deadlineMs: null, slot: null }, (token) => ({
      type: 'finish',
      token,
    }))
  }

  /** An entry into Python. */
  ask(
    entry: Omit<OpenRequest, 'settle' | 'message'>,
    message: Exclude<OpenRequest['message'], number>,
  ): Promise<Answer> {
    if (this.#end !== null) return Promise.resolve({ kind: 'lost', end: this.#end })
    if (this.#open.isLeftBehind(entry.label)) return Promise.resolve(stillRuns(entry.label))
    return new Promise((settle) => this.#requests.send({ ...entry, message, settle }))
  }

  #settleAll({ skipped, tokens, outcomes }: Extract<FromInterpreter, { readonly type: 'outcomes' }>): void {
    for (const token of skipped) this.#requests.settle(token, SKIPPED)
    for (const [index, outcome] of outcomes.entries()) this.#requests.settle(tokens[index] ?? 0, outcome)
  }

  #post(message: ToInterpreter): void {
    if (this.#end === null) this.#child.post(message)
  }

  #receive(message: ForEngine): void {
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
        this.#threadsRun(message.isAny)
        break
      case 'watchSignal':
        this.#watchSignal(message.signum, message.isWatched)
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
        this.#untakenSince = null
        break
      case 'acknowledged':
        this.#watchdog.acknowledged(message.token)
        break
      case 'fatal':
        this.#dieOf(message.message, message.token)
        break
      case 'hello':
        this.#checkHello(message)
        break
      case 'snapshotStep':
      case 'snapshot':
        this.#dieOf('it sent a memory snapshot that the engine did not request')
        break
      case 'ready':
        this.#ready(message.notice)
        break
      default:
        this.#requests.settle(message.token, answerOf(message))
    }
  }

  #programExited(token: StackToken, exitCode: number): void {
    this.#requests.settle(token, { kind: 'programEnded', exitCode })
    this.#dieOf('its program exited')
  }

  #threadsRun(isAny: boolean): void {
    this.#hasPythonThreads = isAny
    this.#slices.update()
  }

  #watchSignal(signum: number, isWatched: boolean): void {
    this.#processSignals.watch(signum, isWatched)
    this.#child.control.acknowledge()
  }

  #ready(notice: string | null): void {
    this.#isStarted = true
    if (notice !== null) this.#events.startNotice(notice)
    // Whether the process goes on is not for an interpreter to say, which only waits to be asked something.
    this.#child.unref()
    this.#started.resolve()
    if (this.#kind.needsSlices) this.#requestCheckLater()
  }

  /** `running`: the stack that ran, 0 where that is not known. */
  #dieOf(reason: string, running: StackToken = 0): void {
    this.#die({ reason, culprit: this.#open.get(running)?.label ?? null, overdue: null })
  }

  #uses(resource: Resource, amount: number): void {
    if (resource === 'memory' && amount > this.#mostResidentMebibytes) {
      const reason = `its process used ${amount} MiB of memory, but its limit is ${this.#mostResidentMebibytes} MiB`
      this.#dieOf(reason, this.#child.control.runningToken)
    } else this.#events.nearCeiling(resource, amount)
  }

  /** Its last stacks are told first, where it can tell them while C code runs. */
  #killBecauseOf(token: StackToken, reason: string): void {
    const kill = (stacks: string | null): void => {
      if (this.#end !== null || this.#open.get(token) === undefined) return // it has ended at the last moment
      if (stacks !== null) this.#events.notice(`Python stacks when the interpreter was killed:\n${stacks}`)
      this.#child.killGroupsOf(token)
      const running = this.#open.get(this.#child.control.runningToken)
      if (this.#kind.mayBeKilled) this.#die(overdueEnd(this.#open.get(token), running, reason))
      else this.#events.notice(this.#open.leaveBehind(token, reason))
    }
    if (!this.#child.tellStacks(kill)) kill(null)
  }

  #checkHello(hello: Hello): void {
    const refusal = this.#kind.refusal(hello)
    if (refusal !== null) this.#dieOf(refusal)
  }

  /** Python does now and then, between two steps of whatever it computes, what it else does where a stack waits. */
  #requestCheckLater(): void {
    this.#checkTimer = this.#clock.wakeAfter(CHECK_EVERY_MS, () => {
      this.#child.control.requestCheck()
      this.#requestCheckLater()
    })
  }

  #die(cause: Omit<InterpreterEnd, 'only'>): void {
    if (this.#end !== null) return
    const end = { ...cause, only: this.#open.onlyLabel }
    this.#end = end
    this.#watchdog.stop()
    this.#checkTimer?.cancel()
    this.#processSignals.stop()
    this.#slices.stop()
    this.#child.kill()
    this.#open.settleAll({ kind: 'lost', end })
    if (this.#isStarted) this.#events.ended(end)
    else this.#started.reject(new HostError('INTERPRETER_START_FAILED', `Python did not start: ${end.reason}.`))
  }
}
