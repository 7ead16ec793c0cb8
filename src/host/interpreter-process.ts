/**
 * One interpreter's thread, seen from the engine's side: requests out, exactly one answer each, also when it dies.
 * Owned by `slot.ts`, which starts another when this one is dead. A dead thread stays dead.
 */

import { SHARE_ENV, Worker } from 'node:worker_threads'
import type {
  FromThread,
  LoadTarget,
  OutcomeMessage,
  ProgramTarget,
  StackToken,
  ThreadData,
  ToThread,
} from '../border/protocol.ts'
import type { Clock, TaskRequest, TaskSlot, Timer } from '../engine/ports.ts'
import { HostError, toError } from '../errors.ts'
import type { WorkerData } from '../interpreter/entry.ts'
import { SignalMailbox } from '../interpreter/signal-mailbox.ts'
import { ProcessSignals } from './process-signals.ts'
import { Turns } from './time-slices.ts'
import { Watchdog } from './watchdog.ts'

/** A call that Python made; answer it with `reply` or `refuse`, once. */
export type ThreadCall = Extract<FromThread, { readonly type: 'call' }>

export interface ThreadEvents {
  /** `slot` is that of the task which made the call, null when it was not a task. */
  call(call: ThreadCall, slot: TaskSlot | null, thread: InterpreterThread): void
  declared(declarationsJson: string): void
  /** Called once for a thread that had started, after every open request was answered. `culprit` is what was running when it had to be killed. */
  ended(end: ThreadEnd): void
}

export interface ThreadEnd {
  readonly reason: string
  readonly culprit: string | null
}

/** How an entry into Python ended. `lost`: the thread died under it. */
export type Answer =
  | { readonly kind: 'outcome'; readonly outcome: OutcomeMessage }
  | { readonly kind: 'skipped' }
  | { readonly kind: 'loaded'; readonly resultJson: string }
  | { readonly kind: 'programEnded'; readonly exitCode: number }
  | { readonly kind: 'finished' }
  | { readonly kind: 'lost'; readonly end: ThreadEnd }

interface Pending {
  readonly label: string
  readonly deadlineMs: number | null
  readonly slot: TaskSlot | null
  readonly settle: (answer: Answer) => void
}

const NUDGE_EVERY_MS = 250
/** For exit functions and for what threads still have to do. */
const FINISH_WITHIN_MS = 2_000

/** How logs and back-offs name an entry into Python. */
export function triggerLabel(trigger: string): string {
  return `trigger '${trigger}'`
}

export function taskLabel(task: { readonly taskId: string; readonly workflow: string }): string {
  return `task '${task.taskId}' of workflow '${task.workflow}'`
}

/** A larger batch goes in parts, so that Python works on the first while the rest is gathered. */
const LARGEST_BATCH = 512

const SKIPPED: Answer = { kind: 'skipped' }
const WORKER_URL = new URL(import.meta.url.endsWith('.ts') ? './worker.ts' : './worker.js', import.meta.url)

export function startWorker(data: WorkerData): Worker {
  // A program given as text (`node --eval`) says so with an option that no thread may be started with.
  const isText = process.execArgv.some((argument) => argument.startsWith('--input-type'))
  return new Worker(WORKER_URL, {
    workerData: data,
    name: 'cloaca-interpreter',
    // A thread with an environment of its own could not change its time zone: see local-zone.ts.
    env: SHARE_ENV,
    ...(isText && { execArgv: [] }),
  })
}

export class InterpreterThread {
  readonly #worker: Worker
  readonly #events: ThreadEvents
  readonly #watchdog: Watchdog
  readonly #mailbox: SignalMailbox
  readonly #clock: Clock
  readonly #processSignals: ProcessSignals
  readonly #turns: Turns
  #hasPythonThreads = false
  readonly #pending = new Map<StackToken, Pending>()
  readonly #started = Promise.withResolvers<void>()
  #lastToken = 0
  #nudge: Timer | null = null
  #isStarted = false
  #end: ThreadEnd | null = null
  #pollTokens: StackToken[] = []
  #pollTriggers: string[] = []

  private constructor(worker: Worker, mailbox: SignalMailbox, clock: Clock, events: ThreadEvents) {
    this.#worker = worker
    this.#events = events
    this.#mailbox = mailbox
    this.#clock = clock
    this.#processSignals = new ProcessSignals(clock, (signum) => this.signal(signum))
    this.#turns = new Turns(clock, mailbox, () => this.#hasPythonThreads || this.#pending.size > 1)
    this.#watchdog = new Watchdog(clock, mailbox, {
      stop: (token, reason) => this.#post({ type: 'overdue', token, reason }),
      kill: (culprit, reason) => this.#die({ reason, culprit }),
    })
    worker.on('message', (message: FromThread) => this.#receive(message))
    worker.on('error', (error) => this.#die({ reason: `its thread failed: ${toError(error).message}`, culprit: null }))
    worker.on('exit', (code) => this.#die({ reason: `its thread ended with code ${code}`, culprit: null }))
  }

  /** Starts a thread and waits until Python runs in it. Rejects with `INTERPRETER_START_FAILED`. */
  static start(data: Omit<ThreadData, 'interrupt'>, clock: Clock, events: ThreadEvents): Promise<InterpreterThread> {
    const mailbox = new SignalMailbox()
    const worker = startWorker({ ...data, interrupt: mailbox.buffer })
    const thread = new InterpreterThread(worker, mailbox, clock, events)
    return thread.#started.promise.then(() => thread)
  }

  get isDead(): boolean {
    return this.#end !== null
  }

  load(script: string, target: LoadTarget): Promise<Answer> {
    return this.#ask({ label: `script ${script}`, deadlineMs: null, slot: null }, (token) => {
      return { type: 'load', token, script, target }
    })
  }

  /** Polls asked for in one turn travel in one message. */
  poll(trigger: string, deadlineMs: number): Promise<Answer> {
    if (this.#end !== null) return Promise.resolve({ kind: 'lost', end: this.#end })
    return new Promise((settle) => {
      const token = this.#register({ label: triggerLabel(trigger), deadlineMs, slot: null, settle })
      if (this.#pollTokens.push(token) === 1) queueMicrotask(() => this.#sendPolls())
      if (this.#pollTriggers.push(trigger) === LARGEST_BATCH) this.#sendPolls()
    })
  }

  runTask(task: TaskRequest): Promise<Answer> {
    const { workflow, taskId, inputText, deadlineMs, slot } = task
    return this.#ask({ label: taskLabel(task), deadlineMs, slot }, (token) => {
      return { type: 'task', token, workflow, taskId, inputText }
    })
  }

  runProgram(target: ProgramTarget): Promise<Answer> {
    return this.#ask({ label: 'the program', deadlineMs: null, slot: null }, (token) => {
      return { type: 'program', token, target }
    })
  }

  reply(id: number, valueJson: string, contextText: string): void {
    this.#post({ type: 'reply', id, valueJson, contextText })
  }

  refuse(id: number, type: string, message: string): void {
    this.#post({ type: 'refusal', id, fault: { type, message } })
  }

  /** Delivers a signal to the program: to its handler where Python runs, or by waking it where it waits. */
  signal(signum: number): void {
    this.#mailbox.raise(signum)
    this.#post({ type: 'signal' })
  }

  /** Ends the interpreter as python ends, or without that when it takes too long. */
  async close(): Promise<void> {
    const limit = Promise.withResolvers<void>()
    const timer = this.#clock.wakeAfter(FINISH_WITHIN_MS, limit.resolve)
    await Promise.race([this.#finish(), limit.promise])
    timer.cancel()
    this.#die({ reason: 'it was closed', culprit: null })
    await this.#worker.terminate()
  }

  #finish(): Promise<Answer> {
    return this.#ask({ label: 'the end', deadlineMs: null, slot: null }, (token) => ({ type: 'finish', token }))
  }

  #ask(entry: Omit<Pending, 'settle'>, message: (token: StackToken) => ToThread): Promise<Answer> {
    if (this.#end !== null) return Promise.resolve({ kind: 'lost', end: this.#end })
    return new Promise((settle) => this.#post(message(this.#register({ ...entry, settle }))))
  }

  #register(pending: Pending): StackToken {
    const token = ++this.#lastToken
    this.#pending.set(token, pending)
    this.#turns.look()
    if (pending.deadlineMs !== null) this.#watchdog.watch(token, pending.label, pending.deadlineMs)
    return token
  }

  #settle(token: StackToken, answer: Answer): void {
    this.#watchdog.forget(token)
    const pending = this.#pending.get(token)
    this.#pending.delete(token)
    pending?.settle(answer)
  }

  #sendPolls(): void {
    if (this.#pollTokens.length === 0) return
    const tokens = this.#pollTokens
    const triggers = this.#pollTriggers
    this.#pollTokens = []
    this.#pollTriggers = []
    this.#post({ type: 'polls', tokens, triggers })
  }

  #post(message: ToThread): void {
    if (this.#end === null) this.#worker.postMessage(message)
  }

  #receive(message: FromThread): void {
    switch (message.type) {
      case 'outcomes':
        for (const token of message.skipped) this.#settle(token, SKIPPED)
        for (const outcome of message.outcomes) this.#settle(outcome.token, { kind: 'outcome', outcome })
        break
      case 'loaded':
        this.#settle(message.token, { kind: 'loaded', resultJson: message.resultJson })
        break
      case 'exited':
        this.#settle(message.token, { kind: 'programEnded', exitCode: message.exitCode })
        this.#die({ reason: 'its program exited', culprit: null })
        break
      case 'finished':
        this.#settle(message.token, { kind: 'finished' })
        break
      case 'programEnded':
        this.#settle(message.token, { kind: 'programEnded', exitCode: message.exitCode })
        break
      case 'declared':
        this.#events.declared(message.declarationsJson)
        break
      case 'call':
        this.#events.call(message, this.#pending.get(message.token)?.slot ?? null, this)
        break
      case 'threadsRun':
        this.#hasPythonThreads = message.isAny
        this.#turns.look()
        break
      case 'timer':
        this.#processSignals.setTimer(message.kind, message.delayMs, message.intervalMs)
        break
      case 'watchSignal':
        this.#processSignals.watch(message.signum, message.isWatched)
        this.#mailbox.acknowledge()
        break
      case 'told':
        this.#watchdog.told(message.token)
        break
      case 'fatal':
        this.#die({ reason: message.message, culprit: null })
        break
      case 'ready':
        this.#isStarted = true
        // Whether the process goes on is not for an interpreter to say, which only waits to be asked something.
        this.#worker.unref()
        this.#started.resolve()
        this.#nudgeLater()
        break
      default:
        message satisfies never
    }
  }

  /** Python does now and then, between two steps of whatever it computes, what it else does where a stack waits. */
  #nudgeLater(): void {
    this.#nudge = this.#clock.wakeAfter(NUDGE_EVERY_MS, () => {
      this.#mailbox.nudge()
      this.#nudgeLater()
    })
  }

  #die(end: ThreadEnd): void {
    if (this.#end !== null) return
    this.#end = end
    this.#watchdog.stop()
    this.#nudge?.cancel()
    this.#processSignals.stop()
    this.#turns.stop()
    void this.#worker.terminate()
    const open = [...this.#pending.values()]
    this.#pending.clear()
    for (const { settle } of open) settle({ kind: 'lost', end })
    if (this.#isStarted) this.#events.ended(end)
    else this.#started.reject(new HostError('INTERPRETER_START_FAILED', `Python did not start: ${end.reason}.`))
  }
}
