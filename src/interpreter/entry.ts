/**
 * The entry of an interpreter's thread: one loop of messages in, one of answers out.
 * Started by `thread.ts` and by nothing else. Each load, poll, task and program that comes in is answered exactly once.
 */

import { read } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import { promisify } from 'node:util'
import { isMainThread, parentPort, workerData } from 'node:worker_threads'
import type { FromThread, OutcomeMessage, StackToken, ThreadData, TimerKind, ToThread } from '../border/protocol.ts'
import { type HostFunctions, Interpreter } from './interpreter.ts'
import { Sockets } from './network/sockets.ts'
import { SignalMailbox } from './signal-mailbox.ts'
import { SqliteDatabases } from './sqlite.ts'
import { type WaitAnswer, Waits } from './stack-waits.ts'
import { textForPython } from './text-for-python.ts'

export type WorkerData = ThreadData | { readonly snapshotOf: string }

if (isMainThread || parentPort === null)
  throw new Error('host/worker.ts is the entry of a thread, not a module to import.')
const port = parentPort
const post = (message: FromThread) => port.postMessage(message)

const waits = new Waits()
const replies = new Map<number, (answer: WaitAnswer) => void>()
let lastCall = 0
let programToken: StackToken | null = null

let skipped: readonly StackToken[] = []
let outcomes: OutcomeMessage[] = []
let isFlushPlanned = false

/** Outcomes of one turn of the event loop travel in one message. */
function planFlush(): void {
  if (isFlushPlanned) return
  isFlushPlanned = true
  setImmediate(() => {
    isFlushPlanned = false
    post({ type: 'outcomes', skipped, outcomes })
    skipped = []
    outcomes = []
  })
}

/** What Python's calls need of the interpreter that they come from. */
interface Reentry {
  flushDeclarations(): void
  startThread(ident: number): void
  deliverSignals(): void
}

const waitFunctions = {
  sleep: (token: StackToken, delayMs: number) => waits.sleep(token, delayMs),
  wait_again: (token: StackToken, number: number) => waits.waitAgain(token, number),
  abandon_wait: (number: number) => waits.abandon(number),
  wait_promise: (token: StackToken, promise: Promise<unknown>) => waits.waitPromise(token, promise),
  read_input: (token: StackToken, size: number) => waits.waitPromise(token, readInput(size)),
  new_event: () => waits.newEvent(),
  wait_event: (token: StackToken, event: number, timeoutMs?: number) => waits.waitEvent(token, event, timeoutMs),
  set_event: (event: number) => waits.setEvent(event),
}

function signalFunctions(mailbox: SignalMailbox) {
  return {
    look: (token: StackToken) => {
      const found = mailbox.look(token)
      if (SignalMailbox.isOverdue(found)) waits.hasStopped(token)
      return found
    },
    nudge: () => mailbox.nudge(),
    take_signals: () => mailbox.take(),
    wake: (token: StackToken) => waits.signal(token),
    set_timer: (kind: TimerKind, delayMs: number, intervalMs: number) =>
      post({ type: 'timer', kind, delayMs, intervalMs }),
    watch_signal: (signum: number, isWatched: boolean) =>
      mailbox.waitFor(() => post({ type: 'watchSignal', signum, isWatched })),
    kill,
    exit,
  }
}

function hostFunctions(interrupt: SharedArrayBuffer, reentry: Reentry): HostFunctions {
  let isAnnounced = false
  return {
    ...waitFunctions,
    ...signalFunctions(new SignalMailbox(interrupt)),
    request(token, method, payloadJson, contextText) {
      const id = ++lastCall
      const reply = new Promise<WaitAnswer>((resolve) => replies.set(id, resolve))
      post({ type: 'call', id, token, method, payloadJson, contextText })
      return waits.wait(token, reply)
    },
    deliver_signals: () => void setImmediate(() => reentry.deliverSignals()),
    start_thread: (ident) => reentry.startThread(ident),
    threads_run: (isAny) => post({ type: 'threadsRun', isAny }),
    sockets: new Sockets((event) => waits.setEvent(event)),
    sqlite: new SqliteDatabases((event) => waits.setEvent(event)),
    announce() {
      if (isAnnounced) return
      isAnnounced = true
      setImmediate(() => {
        isAnnounced = false
        reentry.flushDeclarations()
      })
    },
    declare: (declarationsJson) => post({ type: 'declared', declarationsJson }),
    skipped(tokens) {
      for (const token of tokens) waits.hasStopped(token)
      skipped = skipped.length === 0 ? tokens : [...skipped, ...tokens]
      planFlush()
    },
    outcome(token, kind, contextText, errorType, errorMessage, traceback) {
      waits.hasStopped(token)
      const outcomeKind = kind as OutcomeMessage['kind']
      outcomes.push({
        token,
        kind: outcomeKind,
        contextText: contextText ?? null,
        errorType,
        errorMessage,
        traceback,
      })
      planFlush()
    },
  }
}

const readDescriptor = promisify(read)
/** A terminal that Node opened without blocking has to be asked again. */
const ASK_AGAIN_AFTER_MS = 20

async function readInput(size: number): Promise<Uint8Array> {
  const buffer = new Uint8Array(size)
  for (;;) {
    try {
      const { bytesRead } = await readDescriptor(0, buffer, 0, size, null)
      return buffer.subarray(0, bytesRead)
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException
      if (code === 'EOF') return buffer.subarray(0, 0)
      if (code !== 'EAGAIN') throw error
      await delay(ASK_AGAIN_AFTER_MS)
    }
  }
}

function kill(pid: number, signum: number): string {
  try {
    process.kill(pid, signum)
    return ''
  } catch (error) {
    return (error as NodeJS.ErrnoException).code ?? 'EINVAL'
  }
}

/** Never returns: no stack goes on until the thread is ended. */
function exit(exitCode: number): void {
  if (programToken !== null) post({ type: 'exited', token: programToken, exitCode })
  else post({ type: 'fatal', message: `a script ended the process with code ${exitCode}` })
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0)
}

function settleCall(id: number, answer: WaitAnswer): void {
  const settle = replies.get(id)
  replies.delete(id)
  settle?.(answer)
}

function receive(interpreter: Interpreter, message: ToThread): void {
  switch (message.type) {
    case 'load':
      interpreter
        .load(message.token, message.script, message.target)
        .then((resultJson) => post({ type: 'loaded', token: message.token, resultJson }), fatal)
      return
    case 'polls':
      interpreter.enqueuePolls(message.tokens, message.triggers)
      return
    case 'task':
      interpreter.runTask(message.token, message.workflow, message.taskId, message.inputText).catch(fatal)
      return
    case 'program':
      programToken = message.token
      interpreter
        .runProgram(message.token, message.target)
        .then((exitCode) => post({ type: 'programEnded', token: message.token, exitCode }), fatal)
      return
    case 'finish':
      interpreter.finish(message.token).then(() => post({ type: 'finished', token: message.token }), fatal)
      return
    case 'reply':
      settleCall(message.id, ['ok', message.valueJson, textForPython(message.contextText)])
      return
    case 'refusal':
      settleCall(message.id, ['error', JSON.stringify(message.fault), ''])
      return
    case 'overdue':
      waits.stop(message.token, message.reason)
      post({ type: 'told', token: message.token })
      return
    case 'signal':
      if (programToken !== null) waits.signal(programToken)
      else interpreter.deliverSignals().catch(fatal)
      return
    default:
      message satisfies never
  }
}

function fatal(error: unknown): void {
  post({ type: 'fatal', message: error instanceof Error ? `${error.name}: ${error.message}` : String(error) })
}

async function main(data: WorkerData): Promise<void> {
  if ('snapshotOf' in data) {
    const snapshot = await Interpreter.makeSnapshot(data.snapshotOf)
    port.postMessage(snapshot)
    return
  }
  let interpreter: Interpreter | null = null
  const functions = hostFunctions(data.interrupt, {
    flushDeclarations: () => interpreter?.flushDeclarations(),
    startThread: (ident) => void interpreter?.runThread(ident).catch(fatal),
    deliverSignals: () => void interpreter?.deliverSignals().catch(fatal),
  })
  interpreter = await Interpreter.start(data, functions, fatal)
  const started = interpreter
  port.on('message', (message: ToThread) => receive(started, message))
  post({ type: 'ready', isFromSnapshot: data.snapshotPath !== null, notice: null })
}

await main(workerData as WorkerData)
