/**
 * One worker thread with one generation of a script. Every request settles with the worker's answer, at its time
 * limit, or when the worker ends. Made by `isolated-script.ts`.
 *
 * A request that stays overdue after the worker should have given it up gets no answer because the thread computes.
 * If it computes for this request, the thread is ended. Another request has its own limit.
 */

import { Worker } from 'node:worker_threads'
import type { Clock } from '../../engine/clock-port.ts'
import type { PollRequest, TaskRequest, TaskResult, TickResult } from '../../engine/ports.ts'
import { HostError, toError } from '../../errors.ts'
import { LEASE_LOST } from '../../host/process/call-outcomes.ts'
import { taskLabel, triggerLabel } from '../../host/process/labels.ts'
import { printedLines } from '../../output/printed-lines.ts'
import type { ScriptLineSink } from '../../output/script-line.ts'
import type { SecretProvider } from '../../secrets/provider.ts'
import { answeredSecret } from './answered-secret.ts'
import { answerFact } from './facts.ts'
import { LeaseEnd, leaseLost } from './lease-end.ts'
import { RequestLimit } from './request-limit.ts'
import { inputLost, pollLost, taskLost, type WorkerEnd } from './worker-end.ts'
import { answerMemory } from './worker-memory.ts'
import type { FromWorker, InputChecked, RequestId, ToWorker, WorkerData } from './worker-messages.ts'

/** Time after the limit: a second until the call is given up, and two for the answer. */
const OVERDUE_AFTER_MS = 3_000
const ENTRY = new URL(`./worker-entry${import.meta.url.endsWith('.ts') ? '.ts' : '.js'}`, import.meta.url)

export interface LiveWorkerOptions extends Omit<WorkerData, 'current' | 'hasSecrets' | 'output'> {
  readonly clock: Clock
  readonly secrets: SecretProvider | null
  readonly memoryMebibytes: number
  readonly notice: (message: string) => void
  readonly output?: ScriptLineSink | undefined
}

export type LoadedMessage = FromWorker & { readonly type: 'loaded' }

interface Open {
  readonly label: string
  readonly executionId: string | null
  readonly request: PollRequest | TaskRequest | null
  /** Limit of its start when it was sent; null for none. */
  readonly startUntil: number | null
  readonly answered: (message: FromWorker) => void
  readonly sendAgain: (() => void) | null
  readonly lost: (end: WorkerEnd) => void
  readonly limit: RequestLimit
  isCancelled: boolean
}

export class LiveWorker {
  readonly #options: LiveWorkerOptions
  readonly #worker: Worker
  readonly #current = new Int32Array(new SharedArrayBuffer(4))
  readonly #open = new Map<RequestId, Open>()
  readonly #loaded = Promise.withResolvers<LoadedMessage>()
  readonly #onQuiet: (() => void)[] = []
  #lastId: RequestId = 0
  #error: Error | null = null
  #endsBecause: { readonly reason: string; readonly culprit: RequestId } | null = null
  /** Null while it is alive. */
  #end: WorkerEnd | null = null
  /** Called at the end of a worker that was not closed. */
  onEnd: ((end: WorkerEnd) => void) | null = null

  constructor(options: LiveWorkerOptions) {
    this.#options = options
    const { script, path, packageUrl, loadDeadlineMs, logLimits, stdoutTo, prefixes, secrets, memoryMebibytes } =
      options
    const workerData: WorkerData = {
      ...{ script, path, packageUrl, loadDeadlineMs, logLimits, stdoutTo, prefixes },
      hasSecrets: secrets !== null,
      output: outputMode(options.output),
      current: this.#current,
    }
    this.#worker = new Worker(ENTRY, {
      workerData,
      name: `cloaca ${script}`,
      resourceLimits: { maxOldGenerationSizeMb: memoryMebibytes },
      ...(options.output !== undefined && { stdout: true, stderr: true }),
    })
    if (options.output !== undefined) passOutput(this.#worker, script, options.output)
    this.#worker.on('message', (message: FromWorker) => this.#received(message))
    this.#worker.on('error', (thrown) => {
      this.#error = toError(thrown)
    })
    this.#worker.on('exit', (code) => this.#exited(code))
    this.#worker.unref()
    this.#loaded.promise.catch(() => undefined) // Ignored: callers of `loaded` receive the error
  }

  get hasEnded(): boolean {
    return this.#end !== null
  }

  /** Loads the script. Rejects with a `HostError` if the thread ends, or does not finish. */
  async load(): Promise<LoadedMessage> {
    const { clock, loadDeadlineMs, script } = this.#options
    const overdue = clock.wakeAfter(loadDeadlineMs + OVERDUE_AFTER_MS, () => {
      this.#kill(`the import of "${script}" did not end within ${loadDeadlineMs / 1_000} s`, 0)
    })
    this.#send({ type: 'load' })
    try {
      return await this.#loaded.promise
    } finally {
      overdue.cancel()
    }
  }

  poll(request: PollRequest): Promise<TickResult> {
    const { stopping, log: _, ...plain } = request
    const { trigger, deadlineMs } = plain
    const label = triggerLabel(trigger)
    return new Promise((resolve) => {
      const id = this.#enter(request, {
        ...{ label, executionId: null },
        answered: (message) => message.type === 'outcome' && resolve(message.outcome as TickResult),
        sendAgain: () => resolve(this.poll(request)),
        lost: (end) => resolve(pollLost(end, label, deadlineMs)),
      })
      if (id === null) return
      stopping?.addEventListener('abort', () => this.#open.has(id) && this.#send({ type: 'stopping', id }), {
        once: true,
      })
      this.#send({ type: 'poll', id, request: plain })
    })
  }

  runTask(request: TaskRequest): Promise<TaskResult> {
    const { slot: _, view: __, stopping: ___, log: ____, memory, runLimit, ...plain } = request
    const label = taskLabel(request)
    return new Promise((settle) => {
      let lease: LeaseEnd | null = null
      const resolve = (result: TaskResult | Promise<TaskResult>): void => {
        lease?.[Symbol.dispose]()
        settle(result)
      }
      const id = this.#enter(request, {
        ...{ label, executionId: request.executionId },
        answered: (message) => message.type === 'outcome' && resolve(message.outcome as TaskResult),
        sendAgain: () => resolve(this.runTask(request)),
        lost: (end) => resolve(lease?.hasBegun ? leaseLost(label) : taskLost(end, request, label)),
      })
      if (id === null) return
      this.#send({ type: 'task', id, request: { ...plain, chainId: memory.chainId } })
      if (runLimit === undefined) return
      lease = new LeaseEnd(this.#options.clock, runLimit, {
        stop: () => this.#send({ type: 'endLease', id }),
        end: () => this.#kill(`${LEASE_LOST}, and ${label} did not stop`, 0),
      })
    })
  }

  checkedInput(workflow: string, contextText: string): Promise<InputChecked> {
    return new Promise((resolve) => {
      const id = this.#enter(null, {
        ...{ label: `the input of workflow '${workflow}'`, executionId: null },
        answered: (message) => message.type === 'inputChecked' && resolve(message.result),
        sendAgain: null,
        lost: (end) => resolve(inputLost(end)),
      })
      if (id !== null) this.#send({ type: 'checkInput', id, workflow, contextText })
    })
  }

  cancelTasks(executionId: string): void {
    let isOpen = false
    for (const open of this.#open.values()) {
      if (open.executionId !== executionId || open.isCancelled) continue
      isOpen = true
      open.isCancelled = true
      open.limit.restart(OVERDUE_AFTER_MS)
    }
    if (isOpen) this.#send({ type: 'cancel', executionId })
  }

  underWay(): readonly string[] {
    return [...this.#open.values()].map(({ label }) => label)
  }

  quiet(): Promise<void> {
    if (this.#open.size === 0) return Promise.resolve()
    return new Promise((resolve) => this.#onQuiet.push(resolve))
  }

  /** Ends the thread. Open requests are lost. */
  async close(): Promise<void> {
    this.onEnd = null
    await this.#worker.terminate()
  }

  /** Returns null if the thread has ended, and with it the request. */
  #enter(
    request: PollRequest | TaskRequest | null,
    entry: Omit<Open, 'request' | 'startUntil' | 'limit' | 'isCancelled'>,
  ) {
    if (this.#end !== null) {
      entry.lost(this.#end)
      return null
    }
    this.#lastId += 1
    const id = this.#lastId
    const limitMs = (request?.deadlineMs ?? this.#options.loadDeadlineMs) + OVERDUE_AFTER_MS
    const limit = new RequestLimit(this.#options.clock, limitMs, () => this.#overdue(id))
    this.#open.set(id, {
      ...{ ...entry, request, limit },
      startUntil: request?.startLimit?.until ?? null,
      isCancelled: false,
    })
    return id
  }

  #overdue(id: RequestId): void {
    const open = this.#open.get(id)
    if (open === undefined) return
    const current = this.#current[0] ?? 0
    const { label } = open
    if (current === id || !this.#open.has(current)) {
      const why = open.isCancelled ? 'did not stop after it was cancelled' : 'exceeded its timeout'
      this.#kill(`${label} ${why}`, current === id ? id : 0)
      return
    }
    // Another request computes within its own limit, so this one is given up.
    this.#leave(id)
    open.lost({
      reason: 'it is busy with another task',
      culprit: label,
      isOverdue: !open.isCancelled,
      isCancelled: open.isCancelled,
      script: this.#options.script,
      isAlive: true,
    })
  }

  #kill(reason: string, culprit: RequestId): void {
    this.#endsBecause ??= { reason, culprit }
    void this.#worker.terminate()
  }

  #received(message: FromWorker): void {
    switch (message.type) {
      case 'loaded':
        this.#loaded.resolve(message)
        return
      case 'printed':
        this.#options.output?.(message.line)
        return
      case 'notice':
        this.#options.notice(message.message)
        return
      case 'log':
        this.#open.get(message.id)?.request?.log?.(message.piece)
        return
      case 'slot':
        this.#moveSlot(message)
        return
      case 'fact':
        answerFact(message, this.#open.get(message.id)?.request)
        return
      case 'memory':
        void this.#answerMemory(message)
        return
      case 'secret':
        void answeredSecret(this.#options.secrets, message).then((answer) =>
          this.#send({ type: 'secret', ask: message.ask, answer }),
        )
        return
      default:
        this.#answered(message)
    }
  }

  #answered(message: FromWorker & { readonly type: 'outcome' | 'inputChecked' }): void {
    const open = this.#open.get(message.id)
    const isAgain = open !== undefined && isLate(message) && mayStart(open)
    if (isAgain) open.sendAgain?.() // first, so that the worker is not considered quiet
    this.#leave(message.id)
    if (!isAgain) open?.answered(message)
  }

  #moveSlot({ id, move }: FromWorker & { readonly type: 'slot' }): void {
    const request = this.#open.get(id)?.request
    if (request === null || request === undefined || !('slot' in request)) return
    if (move === 'release') request.slot.release()
    else void request.slot.acquire().then(() => this.#send({ type: 'slotAcquired', id }))
  }

  async #answerMemory(call: FromWorker & { readonly type: 'memory' }): Promise<void> {
    const open = this.#open.get(call.id)
    const isTask = open?.request !== null && open?.request !== undefined && 'memory' in open.request
    const answer = await answerMemory(call, isTask ? (open?.request as TaskRequest) : undefined, open?.limit)
    this.#send({ type: 'memory', ask: call.ask, answer })
  }

  #leave(id: RequestId): Open | undefined {
    const open = this.#open.get(id)
    open?.limit.end()
    this.#open.delete(id)
    if (this.#open.size === 0) for (const quiet of this.#onQuiet.splice(0)) quiet()
    return open
  }

  #exited(code: number): void {
    const { script, memoryMebibytes } = this.#options
    const current = this.#endsBecause?.culprit ?? this.#current[0] ?? 0
    const [only] = this.#open.size === 1 ? this.#open.keys() : []
    const culpritId = this.#open.has(current) ? current : (only ?? 0)
    const culprit = this.#open.get(culpritId) ?? null
    const isOverdue = this.#endsBecause !== null && culprit?.isCancelled === false
    const end: WorkerEnd = {
      script,
      reason: this.#endsBecause?.reason ?? reasonOf(this.#error, code, memoryMebibytes),
      culprit: culprit?.label ?? null,
      isOverdue,
      isCancelled: culprit?.isCancelled === true,
      isAlive: false,
    }
    this.#end = end
    this.#loaded.reject(
      new HostError('INTERPRETER_DIED', `The worker of script "${script}" ended: ${end.reason}.`, { script }),
    )
    for (const [id, open] of [...this.#open]) {
      this.#leave(id)
      open.lost(
        id === culpritId || open.isCancelled ? { ...end, culprit: open.label, isCancelled: open.isCancelled } : end,
      )
    }
    this.onEnd?.(end)
  }

  #send(message: ToWorker): void {
    if (this.#end === null) this.#worker.postMessage(message)
  }
}

function outputMode(output: ScriptLineSink | undefined): WorkerData['output'] {
  if (output === undefined) return 'written'
  return output.takesRecords ? 'sentWithRecords' : 'sent'
}

/** Passes on what no call prints, such as code at load. */
function passOutput(worker: Worker, script: string, output: ScriptLineSink): void {
  for (const stream of ['stdout', 'stderr'] as const) {
    const lines = printedLines(stream, output, () => ({ script }))
    worker[stream].on('data', (chunk: Buffer) => lines.write(0, chunk)).on('end', () => lines.end())
  }
}

function isLate(message: FromWorker): boolean {
  return message.type === 'outcome' && message.outcome.kind === 'notStarted' && message.outcome.isLate === true
}

/** Returns whether a heartbeat has extended the limit since the request was sent. */
function mayStart({ request, startUntil, isCancelled }: Open): boolean {
  return !isCancelled && startUntil !== null && (request?.startLimit?.until ?? 0) > startUntil
}

function reasonOf(error: Error | null, code: number, memoryMebibytes: number): string {
  const known = error as NodeJS.ErrnoException | null
  if (known?.code === 'ERR_WORKER_OUT_OF_MEMORY') return `it reached its memory limit of ${memoryMebibytes} MiB`
  if (error !== null) return `it failed with ${error.name}: ${error.message}`
  return `it ended with exit code ${code}`
}
