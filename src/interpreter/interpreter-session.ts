/**
 * Session of an interpreter with the engine: receives messages, does the work, and sends answers. Opened by `entry.ts`.
 * Answers each load, poll, task and program exactly once.
 *
 * States and transitions:
 *   new      -> starting   `start` was received; messages are queued while Python starts
 *   starting -> running    Python runs: queued messages are handled first
 *   any      -> ended      Python cannot continue, or a script ends the process; both send the last message and exit
 * `makeSnapshot` is handled in the state `new`, and the engine then ends the process.
 */

import { flushCompileCache } from 'node:module'
import { borderDigest } from '../border/build.ts'
import { PROTOCOL_VERSION } from '../border/channel.ts'
import type { ProgramTarget, StackToken, StartData } from '../border/protocol.ts'
import { describeExit, toExitCode } from './exit-status.ts'
import { HostFunctions } from './host-functions.ts'
import { Interpreter } from './interpreter.ts'
import { type Message, type Received, receiveMessages, sendMessage } from './message-line.ts'
import { openProcessControl, type ProcessControl } from './process-control.ts'
import { SignalMailbox } from './signal-mailbox.ts'
import { callAnswer, repeatWhile } from './stacks/stack-waits.ts'

/** Shorter than the patience of the engine's watchdog. */
const ACKNOWLEDGE_EVERY_MS = 500
/** Time for which a step may block others that must stop: see `script_loop.py`. */
const STOPPED_AFTER_MS = 100
const EXIT_FATAL = 70
const LEASE_LOST = 'the engine could not renew its lease in time'

type State =
  | { readonly kind: 'new' }
  | { readonly kind: 'starting'; readonly host: HostFunctions; readonly queued: Received[] }
  | { readonly kind: 'running'; readonly host: HostFunctions; readonly interpreter: Interpreter }

export class InterpreterSession {
  readonly #mailbox = new SignalMailbox()
  readonly #control: ProcessControl
  #state: State = { kind: 'new' }

  /** Sends `hello`, then receives messages. From now on the process ends with the engine. */
  constructor() {
    process.on('uncaughtException', this.#fatal)
    process.on('unhandledRejection', this.#fatal)
    this.#control = openProcessControl(this.#mailbox, () => {
      this.#host?.signalled()
      if (this.#mailbox.isRunOver) this.#stopLimited()
    })
    sendMessage({
      type: 'hello',
      protocolVersion: PROTOCOL_VERSION,
      digest: borderDigest(),
      pid: process.pid,
      python: null,
      stacksSignal: null,
      stopSignal: null,
    })
    receiveMessages((message) => this.#received(message), this.#fatal)
  }

  get #host(): HostFunctions | null {
    return this.#state.kind === 'new' ? null : this.#state.host
  }

  /** Token of the stack that is running; 0 if it is not known. */
  get #runningToken(): StackToken {
    return this.#state.kind === 'running' ? this.#state.interpreter.runningToken : 0
  }

  #received(message: Received): void {
    const state = this.#state
    if (state.kind === 'running') this.#handle(state, message)
    else if (state.kind === 'starting') state.queued.push(message)
    else if (message.type === 'makeSnapshot') void this.#makeSnapshot(message.packageFolder).catch(this.#fatal)
    else if (message.type === 'start') void this.#start(message.data).catch(this.#fatal)
    // Uncoded: a defect of the engine, which ends the process
    else this.#fatal(new Error(`received "${message.type}" before "start"`))
  }

  async #start(data: StartData): Promise<void> {
    this.#control.begin(data)
    const host = new HostFunctions({
      ...{ data, mailbox: this.#mailbox, control: this.#control },
      exit: (status) => this.#exit(status),
      fatal: this.#fatal,
    })
    const queued: Received[] = []
    this.#state = { kind: 'starting', host, queued }
    const [functions, events] = [host.functions(), host.workerEvents()]
    const interpreter = await Interpreter.start(data, this.#mailbox, functions, host.output, events, this.#fatal)
    host.started(interpreter)
    // Node does this at an orderly end, which an interpreter does not have. Without new code it writes nothing.
    flushCompileCache()
    sendMessage({ type: 'ready', isFromSnapshot: data.snapshotPath !== null, notice: interpreter.stacks.notice })
    const running = { kind: 'running', host, interpreter } as const
    this.#state = running
    for (const message of queued) this.#handle(running, message)
  }

  async #makeSnapshot(packageFolder: string): Promise<void> {
    const done = (step: string) => sendMessage({ type: 'snapshotStep', done: step })
    sendMessage({ type: 'snapshot', snapshot: await Interpreter.makeSnapshot(packageFolder, done) })
  }

  #handle({ interpreter, host }: State & { readonly kind: 'running' }, message: Received): void {
    const fatal = this.#fatal
    switch (message.type) {
      case 'load':
        interpreter
          .load(message)
          .then((resultJson) => sendMessage({ type: 'loaded', token: message.token, resultJson }), fatal)
        return
      case 'unload':
        interpreter.unload(message.generation)
        return
      case 'takeState':
      case 'giveState':
        interpreter
          .exchangeState(message)
          .then((stateJson) => sendMessage({ type: 'state', token: message.token, stateJson }), fatal)
        return
      case 'polls':
      case 'statePolls':
        interpreter.addPolls(message)
        return
      case 'task':
        host.logs.attemptBegins(message)
        host.labels?.add(message)
        if (message.isLimited) host.limited.add(message.token)
        interpreter.addTask(message)
        return
      case 'events':
      case 'graphs':
        interpreter.addBatch(message)
        return
      case 'program':
        this.#runProgram(interpreter, host, message)
        return
      case 'finish':
        this.#finish(interpreter, host, message)
        return
      case 'describeStacks':
        interpreter
          .describeStacks(() => host.waits.signalAll())
          .then((stacksJson) => sendMessage({ type: 'stacks', stacksJson }), fatal)
        return
      case 'reply':
        host.answer(message.id, callAnswer(message))
        return
      case 'refusal':
        host.answer(message.id, ['error', JSON.stringify(message.fault), ''])
        return
      case 'overdue':
        stop(interpreter, host, message)
        return
      case 'start':
      case 'makeSnapshot':
        // Uncoded: a defect of the engine, which ends the process
        fatal(new Error(`received a second "${message.type}"`))
        return
      default:
        message satisfies never
    }
  }

  /** Stops attempts with limits that wait. Computing ones check the mailbox. */
  #stopLimited(): void {
    if (this.#state.kind !== 'running') return
    const { interpreter, host } = this.#state
    for (const token of host.limited) stop(interpreter, host, { token, reason: LEASE_LOST, isCancelled: true })
  }

  #finish(interpreter: Interpreter, { logs }: HostFunctions, { token }: Message<'finish'>): void {
    interpreter.finish(token).then(() => {
      logs.flush()
      sendMessage({ type: 'finished', token })
    }, this.#fatal)
  }

  #runProgram(interpreter: Interpreter, host: HostFunctions, { token, target }: Message<'program'>): void {
    host.programToken = token
    interpreter
      .runProgram(token, this.#startable(target))
      .then((exitCode) => sendMessage({ type: 'programEnded', token, exitCode }), this.#fatal)
  }

  /** Only a Python that started the engine already runs its program. */
  #startable(target: Message<'program'>['target']): ProgramTarget {
    return target.kind === 'running'
      ? // Uncoded: a defect of the engine, which ends the process
        this.#fatal(new Error('received "program" for a running program, but no program is running'))
      : target
  }

  /**
   * Ends the process of a script. The message has the code or the negative number of a deadly signal, because the exit
   * code of the process does not reveal it.
   */
  #exit(status: number): never {
    this.#host?.logs.flush()
    const token = this.#host?.programToken ?? null
    if (token !== null) sendMessage({ type: 'exited', token, exitCode: status })
    else
      sendMessage({
        type: 'fatal',
        message: `a script ended the process ${describeExit(status)}`,
        token: this.#runningToken,
      })
    process.exit(toExitCode(status))
  }

  readonly #fatal = (error: unknown): never => {
    const message = error instanceof Error ? `${error.name}: ${error.message}` : String(error)
    try {
      this.#host?.logs.flush()
      sendMessage({ type: 'fatal', message, token: this.#runningToken })
    } catch (thrown) {
      // EPIPE: the engine is gone, and the user's stderr is not the place for this error.
      if ((thrown as NodeJS.ErrnoException).code !== 'EPIPE') throw thrown
    }
    process.exit(EXIT_FATAL)
  }
}

/**
 * Stops a call. An awaited call is cancelled in its loop. While a step with its own limit blocks the loop,
 * `acknowledged` is repeated so that the engine does not take the process for stuck.
 */
function stop(
  interpreter: Interpreter,
  { waits }: HostFunctions,
  { token, reason, isCancelled }: Omit<Message<'overdue'>, 'type'>,
): void {
  const kind = isCancelled ? 'cancelled' : 'overdue'
  const blocker = interpreter.stopCall(token, reason, isCancelled)
  if (blocker !== null) {
    waits.stopWaits(token, [kind, reason])
    if (blocker !== 0) waits.signalAfter(blocker, STOPPED_AFTER_MS)
    repeatWhile(
      ACKNOWLEDGE_EVERY_MS,
      () => interpreter.isHeldUp(token),
      () => sendMessage({ type: 'acknowledged', token }),
    )
  } else if (isCancelled) waits.cancel(token, reason)
  else waits.stop(token, reason)
  sendMessage({ type: 'acknowledged', token })
}
