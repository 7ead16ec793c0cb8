/**
 * The conversation of an interpreter's process with the engine: one loop of messages in, one of answers out.
 * Imported by `entry.ts` alone. Each load, poll, task and program that comes in is answered exactly once.
 */

import { flushCompileCache } from 'node:module'
import { borderDigest } from '../border/build.ts'
import { PROTOCOL_VERSION } from '../border/channel.ts'
import { type ProgramTarget, SECRET_CALL, type StackToken, type StartData } from '../border/protocol.ts'
import { ChildProcesses } from './children/child-processes.ts'
import { Hashes } from './crypto/hashes.ts'
import { describeExit, exitCodeOf } from './exit-status.ts'
import { Interpreter, type SessionFunctions } from './interpreter.ts'
import { type Message, type Received, receiveMessages, send, sendAfter } from './message-line.ts'
import { Sockets } from './network/sockets.ts'
import { OutcomeBatch } from './outcome-batch.ts'
import { CallLogs } from './output/call-logs.ts'
import { scriptOutput } from './output/script-output.ts'
import { SecretMasks } from './output/secret-masks.ts'
import { TaskLabels } from './output/task-labels.ts'
import { openProcessControl, type ProcessControl } from './process-control.ts'
import type { Engine, Signals, Waits as WaitFunctions } from './python-border.ts'
import { NO_SIGNAL, SignalMailbox } from './signal-mailbox.ts'
import { SqliteDatabases } from './sqlite.ts'
import { callThatPrints, flushC, isKeptAlready } from './stacks/memory.ts'
import { PythonThreads } from './stacks/python-threads.ts'
import { answerOf, repeatWhile, type WaitAnswer, Waits } from './stacks/stack-waits.ts'
import { StandardInput } from './standard-input.ts'

/** More often than the engine's watchdog loses patience. */
const ACKNOWLEDGE_EVERY_MS = 500
/** As long as a step may keep others waiting that are to be stopped: see `script_loop.py`. */
const STOPPED_AFTER_MS = 100
/** EX_SOFTWARE */
const EXIT_FATAL = 70

const waits = new Waits((token) => token === programToken && mailbox.hasSignals)
const input = new StandardInput()
const replies = new Map<number, (answer: WaitAnswer) => void>()
let lastCall = 0
let programToken: StackToken | null = null
/** The stack that runs; 0 where that is not known. */
let tokenOfRunning: () => StackToken = () => 0

/** Null until it is said what the process is to be. */
let logs: CallLogs | null = null
const masks = new SecretMasks()
/** Null where nobody wants them. */
let labels: TaskLabels | null = null
let outputEnded: (call: StackToken) => void = () => {}

const outcomes = new OutcomeBatch((message) => sendAfter(() => logs?.sendEnded(), message))

/** What Python's calls need of the interpreter that they come from. */
interface Reentry {
  flushDeclarations(): void
  /** False when there are as many as there may be. */
  startThread(ident: number): boolean
  deliverSignals(): void
}

const workerEvents = {
  skipped(tokens: readonly StackToken[]) {
    for (const token of tokens) waits.ended(token)
    logs?.skipped(tokens)
    outcomes.addSkipped(tokens)
  },
  rested: () => outcomes.flush(),
}

const waitFunctions: Omit<WaitFunctions, 'rest'> = {
  sleep: (token, delayMs) => waits.sleep(token, delayMs),
  wait_again: (token, number) => waits.waitAgain(token, number),
  abandon_wait: (number) => waits.abandon(number),
  wait_promise: (token, promise) => waits.waitPromise(token, promise),
  wait_input: (token, size) => waits.waitPromise(token, input.arrival(size)),
  take_input: (size) => input.take(size),
  new_event: () => waits.newEvent(),
  wait_event: (token, event, timeoutMs) => waits.waitEvent(token, event, timeoutMs),
  set_event: (event) => waits.setEvent(event),
  signal_after: (token, delayMs) => waits.signalAfter(token, delayMs),
  take_stop: (token) => waits.takeStop(token),
}

const children = new ChildProcesses({
  setEvent: (event) => waits.setEvent(event),
  isProgram: (token) => token === programToken,
  notice: (token, child, isRunning) => send({ type: 'child', token, ...child, isRunning }),
})

function signalFunctions(mailbox: SignalMailbox, control: ProcessControl, reentry: Reentry): Signals {
  return {
    check: (token) => {
      const found = mailbox.check(token)
      logs?.check()
      if (SignalMailbox.isStopping(found)) waits.hasHeard(token)
      return found
    },
    interrupt: () => mailbox.requestCheck(),
    take_signals: () => {
      const signals = mailbox.take()
      if (programToken !== null && signals.length > 0) send({ type: 'tookSignals' })
      return signals.filter((signum) => signum !== NO_SIGNAL)
    },
    deliver_signals: () => void setImmediate(() => reentry.deliverSignals()),
    wake: (token) => waits.signal(token),
    set_timer: (timer, delayMs, intervalMs) => control.setTimer(timer, delayMs, intervalMs),
    watch_signal: (signum, isWatched) => {
      control.watchSignal(signum, isWatched)
      mailbox.waitFor(() => send({ type: 'watchSignal', signum, isWatched }))
    },
    kill: (pid, signum) => children.kill(pid, signum),
    exit,
  }
}

/** Before its outcome is said: nothing of it waits any more, and what it printed is its own. */
function entryEnded(token: StackToken, hasSkipped = false): void {
  waits.ended(token)
  flushC(token)
  outputEnded(token)
  if (hasSkipped) logs?.skipped([token])
  else logs?.ended(token)
}

function engineFunctions(reentry: Reentry): Engine {
  let isAnnounced = false
  return {
    request(token, origin, generation, method, payloadJson, contextText) {
      const id = ++lastCall
      send({ type: 'call', id, token: origin, generation, method, payloadJson, contextText })
      const reply = new Promise<WaitAnswer>((resolve) => {
        replies.set(id, (answer) => {
          if (method === SECRET_CALL && answer[0] !== 'error') masks.addReply(origin, String(answer[1]))
          resolve(answer)
        })
      })
      return waits.wait(token, reply)
    },
    announce() {
      if (isAnnounced) return
      isAnnounced = true
      setImmediate(() => {
        isAnnounced = false
        reentry.flushDeclarations()
      })
    },
    declare: (generation, declarationsJson) => send({ type: 'declared', generation, declarationsJson }),
    outcome(token, kind, text, errorType, errorMessage, traceback) {
      entryEnded(token, kind === 'skipped')
      const error = masks.inFault(token, { type: errorType, message: errorMessage, traceback })
      const warning = kind === 'completed' ? masks.warning(token, text ?? '') : null
      if (warning !== null) send({ type: 'notice', message: warning })
      if (kind === 'failed' || kind === 'timedOut') outcomes.add(token, { kind, error })
      else outcomes.add(token, kind === 'skipped' ? { kind, reason: text ?? '' } : { kind, contextText: text ?? null })
    },
    accumulated(token, text, sizesJson, errorsJson) {
      entryEnded(token)
      logs?.sendEnded()
      send({ type: 'accumulated', token, text, sizes: JSON.parse(sizesJson), errors: JSON.parse(errorsJson) })
    },
    graphs_ran(token, text, sizesJson, errorsJson, nodesJson) {
      entryEnded(token)
      logs?.sendEnded()
      const [sizes, errors] = [JSON.parse(sizesJson), JSON.parse(errorsJson)]
      send({ type: 'graphsRan', token, text, sizes, errors, nodesJson })
    },
    not_started(token) {
      entryEnded(token)
      outcomes.addNotStarted(token)
    },
    skipped: (tokens) => workerEvents.skipped(tokens),
    notice: (message) => send({ type: 'notice', message }),
  }
}

function sessionFunctions(
  mailbox: SignalMailbox,
  control: ProcessControl,
  reentry: Reentry,
  callLogs: CallLogs,
): SessionFunctions {
  return {
    logs: callLogs,
    engine: engineFunctions(reentry),
    waits: waitFunctions,
    threads: {
      start_thread: (ident) => reentry.startThread(ident),
      threads_run: (isAny) => send({ type: 'threadsRun', isAny }),
    },
    signals: signalFunctions(mailbox, control, reentry),
    sockets: new Sockets((event) => waits.setEvent(event)),
    hashes: new Hashes((event) => waits.setEvent(event)),
    sqlite: new SqliteDatabases((event) => waits.setEvent(event)),
    children,
    notice: (message) => send({ type: 'notice', message }),
    manyFiles: (count) => send({ type: 'usesMany', resource: 'open files', count }),
  }
}

/**
 * Never returns. The engine hears the code, or the negative number of a deadly signal, in a message: the code of the process
 * says nothing of a program.
 */
function exit(status: number): never {
  logs?.flush()
  if (programToken !== null) send({ type: 'exited', token: programToken, exitCode: status })
  else send({ type: 'fatal', message: `a script ended the process ${describeExit(status)}`, token: tokenOfRunning() })
  process.exit(exitCodeOf(status))
}

function settleCall(id: number, answer: WaitAnswer): void {
  const settle = replies.get(id)
  replies.delete(id)
  settle?.(answer)
}

function receive(interpreter: Interpreter, message: Received): void {
  switch (message.type) {
    case 'load':
      interpreter.load(message).then((resultJson) => send({ type: 'loaded', token: message.token, resultJson }), fatal)
      return
    case 'unload':
      interpreter.unload(message.generation)
      return
    case 'takeState':
    case 'giveState':
      interpreter
        .exchangeState(message)
        .then((stateJson) => send({ type: 'state', token: message.token, stateJson }), fatal)
      return
    case 'polls':
      interpreter.addPolls(message)
      return
    case 'task':
      logs?.attemptBegins(message)
      labels?.add(message)
      interpreter.addTask(message)
      return
    case 'events':
    case 'graphs':
      interpreter.addBatch(message)
      return
    case 'program':
      programToken = message.token
      interpreter
        .runProgram(message.token, startable(message.target))
        .then((exitCode) => send({ type: 'programEnded', token: message.token, exitCode }), fatal)
      return
    case 'finish':
      interpreter.finish(message.token).then(() => {
        logs?.flush()
        send({ type: 'finished', token: message.token })
      }, fatal)
      return
    case 'describeStacks':
      interpreter
        .describeStacks(() => waits.signalAll())
        .then((stacksJson) => send({ type: 'stacks', stacksJson }), fatal)
      return
    case 'reply':
      settleCall(message.id, answerOf(message))
      return
    case 'refusal':
      settleCall(message.id, ['error', JSON.stringify(message.fault), ''])
      return
    case 'overdue':
      stop(interpreter, message)
      return
    case 'start':
    case 'makeSnapshot':
      fatal(new Error(`received a second "${message.type}"`))
      return
    default:
      message satisfies never
  }
}

/** Only a Python that has started the engine runs its program already. */
function startable(target: Message<'program'>['target']): ProgramTarget {
  return target.kind === 'running'
    ? fatal(new Error('received "program" for a running program, but no program is running'))
    : target
}

/**
 * Ends what waits under a token. A call that is awaited in a script's loop is cancelled there; while another step blocks the
 * loop, which is the time limit's business of that one, it is said again and again that the call is known to be overdue.
 */
function stop(interpreter: Interpreter, { token, reason, isCancelled }: Message<'overdue'>): void {
  const kind = isCancelled ? 'cancelled' : 'overdue'
  const blocker = interpreter.stopCall(token, reason, isCancelled)
  if (blocker !== null) {
    waits.stopWaits(token, [kind, reason])
    if (blocker !== 0) waits.signalAfter(blocker, STOPPED_AFTER_MS)
    repeatWhile(
      ACKNOWLEDGE_EVERY_MS,
      () => interpreter.isHeldUp(token),
      () => send({ type: 'acknowledged', token }),
    )
  } else if (isCancelled) waits.cancel(token, reason)
  else waits.stop(token, reason)
  send({ type: 'acknowledged', token })
}

function fatal(error: unknown): never {
  const message = error instanceof Error ? `${error.name}: ${error.message}` : String(error)
  try {
    logs?.flush()
    send({ type: 'fatal', message, token: tokenOfRunning() })
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code !== 'EPIPE') throw thrown // else the engine is gone, and the user's stderr is no place for it
  }
  process.exit(EXIT_FATAL)
}

/** Returns what is to be done with each further message. */
async function start(data: StartData): Promise<(message: Received) => void> {
  const { ceilings } = data
  control.begin(data)
  let interpreter: Interpreter | null = null
  signalled = () => {
    if (programToken !== null) waits.signal(programToken)
    else if (!data.isProgram) interpreter?.deliverSignals().catch(fatal)
  }
  let threads: PythonThreads | null = null
  const callLogs = new CallLogs(data.logLimits, isKeptAlready, masks, send)
  logs = callLogs
  const reentry: Reentry = {
    flushDeclarations: () => interpreter?.flushDeclarations(),
    startThread: (ident) => threads?.start(ident) ?? false,
    deliverSignals: () => void interpreter?.deliverSignals().catch(fatal),
  }
  const functions = sessionFunctions(mailbox, control, reentry, callLogs)
  const output = scriptOutput({
    isProgram: data.isProgram,
    mailbox,
    logs: callLogs,
    masks,
    callThatPrints,
    prefixOf: (call) => labels?.of(call) ?? '',
    notice: (message) => send({ type: 'notice', message }),
  })
  labels = data.prefixesOutput ? new TaskLabels() : null
  outputEnded = (call) => output.ended(call)
  const started = await Interpreter.start(data, mailbox, functions, output, workerEvents, fatal)
  interpreter = started
  threads = new PythonThreads(
    // Polls and tasks need stacks, too.
    { threads: Math.min(ceilings.threads, started.stacks.count / 2), reportFrom: ceilings.reportFrom?.threads ?? null },
    (ident) => started.runThread(ident).catch(fatal),
    (count) => send({ type: 'usesMany', resource: 'threads', count }),
  )
  tokenOfRunning = () => started.runningToken
  flushCompileCache() // Node does so at an orderly end, which an interpreter does not have; where nothing is new it is nothing
  send({ type: 'ready', isFromSnapshot: data.snapshotPath !== null, notice: started.stacks.notice })
  return (message) => receive(started, message)
}

/** Messages that come before Python runs wait for it. */
function converse(): void {
  let receiver: Promise<(message: Received) => void> | null = null
  let receiveNow: ((message: Received) => void) | null = null
  receiveMessages((message) => {
    if (receiveNow !== null) receiveNow(message)
    else if (receiver !== null) void receiver.then((receive) => receive(message))
    else if (message.type === 'makeSnapshot') void makeSnapshot(message.packageFolder).catch(fatal)
    else if (message.type === 'start') {
      receiver = start(message.data)
      receiver.then((receive) => {
        receiveNow = receive
      }, fatal)
    } else fatal(new Error(`received "${message.type}" before "start"`))
  }, fatal)
}

async function makeSnapshot(packageFolder: string): Promise<void> {
  const done = (step: string) => send({ type: 'snapshotStep', done: step })
  send({ type: 'snapshot', snapshot: await Interpreter.makeSnapshot(packageFolder, done) })
}

process.on('uncaughtException', fatal)
process.on('unhandledRejection', fatal)
const mailbox = new SignalMailbox()
let signalled = () => undefined as unknown
/** First of all: from here on the process ends with the engine. */
const control = openProcessControl(mailbox, () => void signalled())
send({
  type: 'hello',
  protocolVersion: PROTOCOL_VERSION,
  digest: borderDigest(),
  pid: process.pid,
  python: null,
  stacksSignal: null,
  stopSignal: null,
})
converse()
