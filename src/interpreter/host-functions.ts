/**
 * The functions of the host that Python calls, except those that need Pyodide: requests to the engine, outcomes, waits,
 * signals and threads. Owned by `interpreter-session.ts`, which creates it when `start` arrives.
 */

import { SECRET_CALL, type StackToken, type StartData } from '../border/protocol.ts'
import { ChildProcesses } from './children/child-processes.ts'
import { Hashes } from './crypto/hashes.ts'
import type { Interpreter, SessionFunctions } from './interpreter.ts'
import { sendAfter, sendMessage } from './message-line.ts'
import { Sockets } from './network/sockets.ts'
import { OutcomeBatch } from './outcome-batch.ts'
import { CallLogs } from './output/call-logs.ts'
import { type ScriptOutput, scriptOutput } from './output/script-output.ts'
import { SecretMasks } from './output/secret-masks.ts'
import { TaskLabels } from './output/task-labels.ts'
import type { ProcessControl } from './process-control.ts'
import type { Engine, Signals, Threads, Waits as WaitFunctions } from './python-border.ts'
import { NO_SIGNAL, SignalMailbox } from './signal-mailbox.ts'
import { SqliteDatabases } from './sqlite.ts'
import { flushCOutput, isInLog, printingCall, runningToken } from './stacks/memory.ts'
import { PythonThreads } from './stacks/python-threads.ts'
import { type WaitAnswer, Waits } from './stacks/stack-waits.ts'
import type { WorkerEvents } from './stacks/workers.ts'
import { StandardInput } from './standard-input.ts'

export interface HostFunctionsPorts {
  readonly data: StartData
  readonly mailbox: SignalMailbox
  readonly control: ProcessControl
  /** Ends the process with a code, or with the negative number of a deadly signal. */
  readonly exit: (status: number) => never
  readonly fatal: (error: unknown) => never
}

interface Running {
  readonly interpreter: Interpreter
  readonly threads: PythonThreads
}

export class HostFunctions {
  readonly #ports: HostFunctionsPorts
  readonly logs: CallLogs
  readonly output: ScriptOutput
  readonly waits = new Waits((token) => token === this.programToken && this.#ports.mailbox.hasSignals)
  /** Token of the program; null for an interpreter of scripts, and before the program starts. */
  programToken: StackToken | null = null
  readonly #masks = new SecretMasks()
  readonly labels: TaskLabels | null
  /** Open attempts with limits. */
  readonly limited = new Set<StackToken>()
  readonly #outcomes = new OutcomeBatch((message) => sendAfter(() => this.logs.sendEnded(), message))
  readonly #input = new StandardInput()
  readonly #replies = new Map<number, (answer: WaitAnswer) => void>()
  #lastCall = 0
  #isAnnounced = false
  #running: Running | null = null

  constructor(ports: HostFunctionsPorts) {
    const { data, mailbox } = ports
    this.#ports = ports
    this.logs = new CallLogs(data.logLimits, isInLog, this.#masks, sendMessage)
    this.labels = data.output === 'prefixed' ? new TaskLabels() : null
    this.output = scriptOutput({
      isProgram: data.isProgram,
      send: data.output === 'sent' || data.output === 'sentWithRecords' ? sendPrinted : null,
      mailbox,
      logs: this.logs,
      masks: this.#masks,
      callThatPrints: printingCall,
      prefixOf: (call) => this.labels?.of(call) ?? '',
      notice,
    })
  }

  started(interpreter: Interpreter): void {
    const { ceilings } = this.#ports.data
    const threads = new PythonThreads(
      {
        threads: Math.min(ceilings.threads, interpreter.stacks.count / 2),
        reportFrom: ceilings.reportFrom?.threads ?? null,
      },
      (ident) => interpreter.runThread(ident).catch(this.#ports.fatal),
      (count) => sendMessage({ type: 'usesMany', resource: 'threads', count }),
    )
    this.#running = { interpreter, threads }
  }

  answer(id: number, answer: WaitAnswer): void {
    const settle = this.#replies.get(id)
    this.#replies.delete(id)
    settle?.(answer)
  }

  /** Makes Python run the handlers of signals that arrived. */
  signalled(): void {
    if (this.programToken !== null) this.waits.signal(this.programToken)
    else if (!this.#ports.data.isProgram) this.#deliverSignals()
  }

  functions(): SessionFunctions {
    const setEvent = (event: number): void => this.waits.setEvent(event)
    const children = new ChildProcesses({
      setEvent,
      isProgram: (token) => token === this.programToken,
      notice: (token, child, isRunning) => sendMessage({ type: 'child', token, ...child, isRunning }),
    })
    return {
      logs: this.logs,
      showRecord: this.#ports.data.output === 'sentWithRecords' ? (recordJson) => this.#showRecord(recordJson) : null,
      engine: this.#engineFunctions(),
      waits: this.#waitFunctions(),
      threads: this.#threadFunctions(),
      signals: this.#signalFunctions(children),
      sockets: new Sockets(setEvent),
      hashes: new Hashes(setEvent),
      sqlite: new SqliteDatabases(setEvent),
      children,
      notice,
      manyFiles: (count) => sendMessage({ type: 'usesMany', resource: 'open files', count }),
    }
  }

  workerEvents(): Omit<WorkerEvents, 'failed'> {
    return { skipped: (tokens) => this.#skipped(tokens), rested: () => this.#outcomes.flush() }
  }

  #waitFunctions(): Omit<WaitFunctions, 'rest'> {
    const waits = this.waits
    return {
      sleep: (token, delayMs) => waits.sleep(token, delayMs),
      wait_again: (token, number) => waits.waitAgain(token, number),
      abandon_wait: (number) => waits.abandon(number),
      wait_promise: (token, promise) => waits.waitPromise(token, promise),
      wait_input: (token, size) => waits.waitPromise(token, this.#input.arrival(size)),
      take_input: (size) => this.#input.take(size),
      new_event: () => waits.newEvent(),
      wait_event: (token, event, timeoutMs) => waits.waitEvent(token, event, timeoutMs),
      set_event: (event) => waits.setEvent(event),
      signal_after: (token, delayMs) => waits.signalAfter(token, delayMs),
      take_stop: (token) => waits.takeStop(token),
    }
  }

  #threadFunctions(): Threads {
    return {
      start_thread: (ident) => this.#running?.threads.start(ident) ?? false,
      threads_run: (isAny) => sendMessage({ type: 'threadsRun', isAny }),
    }
  }

  #signalFunctions(children: ChildProcesses): Signals {
    const { mailbox, control, exit } = this.#ports
    return {
      check: (token) => {
        const found = mailbox.check(token, this.limited)
        this.logs.check()
        if (SignalMailbox.isStopping(found)) this.waits.hasHeard(token)
        return found
      },
      interrupt: () => mailbox.requestCheck(),
      take_signals: () => {
        const signals = mailbox.take()
        if (this.programToken !== null && signals.length > 0) sendMessage({ type: 'tookSignals' })
        return signals.filter((signum) => signum !== NO_SIGNAL)
      },
      deliver_signals: () => void setImmediate(() => this.#deliverSignals()),
      wake: (token) => this.waits.signal(token),
      set_timer: (timer, delayMs, intervalMs) => control.setTimer(timer, delayMs, intervalMs),
      watch_signal: (signum, isWatched) => {
        control.watchSignal(signum, isWatched)
        mailbox.waitFor(() => sendMessage({ type: 'watchSignal', signum, isWatched }))
      },
      kill: (pid, signum) => children.kill(pid, signum),
      exit,
    }
  }

  #engineFunctions(): Engine {
    const outcomes = this.#outcomes
    return {
      request: (token, origin, generation, method, payloadJson, contextText) => {
        const id = ++this.#lastCall
        sendMessage({ type: 'call', id, token: origin, generation, method, payloadJson, contextText })
        return this.waits.wait(token, this.#reply(id, origin, method))
      },
      announce: () => this.#announce(),
      declare: (generation, declarationsJson) => sendMessage({ type: 'declared', generation, declarationsJson }),
      skipped_because: (token, reason) => {
        this.#ended(token, true)
        outcomes.add(token, { kind: 'skipped', reason: reason ?? null })
      },
      fired: (token, contextText) => {
        this.#ended(token)
        outcomes.add(token, { kind: 'fired', contextText: contextText ?? null })
      },
      polled: (token, text, sizesJson, keysJson, reason, isList, stateText) => {
        const [sizes, keys] = [JSON.parse(sizesJson), JSON.parse(keysJson)]
        this.#ended(token, sizes.length === 0)
        const outcome = { text, sizes, keys, reason: reason ?? null, isList, stateText: stateText ?? null }
        outcomes.add(token, { kind: 'polled', ...outcome })
      },
      completed: (token, contextText) => {
        this.#ended(token)
        const warning = contextText === undefined ? null : this.#masks.warning(token, contextText)
        if (warning !== null) notice(warning)
        outcomes.add(token, { kind: 'completed', contextText: contextText ?? null })
      },
      failed: (token, kind, errorJson) => {
        this.#ended(token)
        outcomes.add(token, { kind, error: this.#masks.inFault(token, JSON.parse(errorJson)) })
      },
      tried_later: (token, delayMs, limit) => {
        this.#ended(token)
        outcomes.add(token, { kind: 'tryLater', delayMs, limit: limit ?? null })
      },
      accumulated: (token, text, sizesJson, errorsJson) => {
        this.#ended(token)
        this.logs.sendEnded()
        sendMessage({ type: 'accumulated', token, text, sizes: JSON.parse(sizesJson), errors: JSON.parse(errorsJson) })
      },
      graphs_ran: (token, text, sizesJson, errorsJson, nodesJson) => {
        this.#ended(token)
        this.logs.sendEnded()
        const [sizes, errors] = [JSON.parse(sizesJson), JSON.parse(errorsJson)]
        sendMessage({ type: 'graphsRan', token, text, sizes, errors, nodesJson })
      },
      not_started: (token) => {
        this.#ended(token)
        outcomes.addNotStarted(token)
      },
      skipped: (tokens) => this.#skipped(tokens),
      notice,
    }
  }

  /** Sends a record that would be written to a standard stream as text. */
  #showRecord(recordJson: string): void {
    const token = printingCall() || runningToken()
    sendMessage({ type: 'logged', token, recordJson: this.#masks.of(token)?.inJson(recordJson) ?? recordJson })
  }

  #reply(id: number, origin: StackToken, method: string): Promise<WaitAnswer> {
    return new Promise((resolve) => {
      this.#replies.set(id, (answer) => {
        if (method === SECRET_CALL && answer[0] !== 'error') this.#masks.addReply(origin, String(answer[1]))
        resolve(answer)
      })
    })
  }

  #announce(): void {
    if (this.#isAnnounced) return
    this.#isAnnounced = true
    setImmediate(() => {
      this.#isAnnounced = false
      this.#running?.interpreter.flushDeclarations()
    })
  }

  #deliverSignals(): void {
    this.#running?.interpreter.deliverSignals().catch(this.#ports.fatal)
  }

  #skipped(tokens: readonly StackToken[]): void {
    for (const token of tokens) this.waits.ended(token)
    this.logs.skipped(tokens)
    this.#outcomes.addSkipped(tokens)
  }

  #ended(token: StackToken, hasSkipped = false): void {
    if (this.limited.size > 0) this.limited.delete(token)
    this.waits.ended(token)
    flushCOutput(token)
    this.output.ended(token)
    if (hasSkipped) this.logs.skipped([token])
    else this.logs.ended(token)
  }
}

function notice(message: string): void {
  sendMessage({ type: 'notice', message })
}

/** Sends output, also of loads, which have no log. */
function sendPrinted(call: StackToken, descriptor: 1 | 2, bytes: Uint8Array): void {
  const stream = descriptor === 1 ? 'stdout' : 'stderr'
  sendMessage({ type: 'printed', token: call === 0 ? runningToken() : call, stream, bytes })
}
