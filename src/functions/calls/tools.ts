/** What functions are given beside the context. What most of them do not use is made when it is asked for. */

import type { PollTools, TaskLog, TaskTools } from '../../authoring/types.ts'
import type { Clock, TaskRequest } from '../../engine/ports.ts'
import { UsageError } from '../../errors.ts'
import { shownValue } from '../../model/arguments.ts'
import { durationMs } from '../../model/time/duration.ts'
import { codec } from '../../native/index.ts'
import type { Masks } from '../../output/masks.ts'
import type { SecretFields, SecretProvider } from '../../secrets/provider.ts'
import { askForSecret } from '../../secrets/secret-source.ts'
import type { CallOutput, LogLevel } from './call-output.ts'
import type { FunctionCall } from './function-call.ts'

const DEFER_POLL_MS = 1_000
/** What the timer of `deferUntil` is for: who moves the clock of a test looks for it. */
export const DEFERRAL = 'waiting in deferUntil'

export interface ToolPorts {
  readonly clock: Clock
  readonly secrets: SecretProvider | null
  /** Of what an execution was given. */
  readonly masksOf: (executionId: string) => Masks
}

export class CallTools implements PollTools {
  readonly trigger: string
  readonly #call: FunctionCall
  readonly #stopping: AbortSignal | undefined

  constructor(call: FunctionCall, trigger: string, stopping: AbortSignal | undefined) {
    this.#call = call
    this.trigger = trigger
    this.#stopping = stopping
  }

  get signal(): AbortSignal {
    if (this.#stopping !== undefined) this.#call.stopWith(this.#stopping)
    return this.#call.signal
  }

  get log(): TaskLog {
    return logOf(this.#call.output)
  }
}

export class AttemptTools implements TaskTools {
  readonly #call: FunctionCall
  readonly #request: TaskRequest
  readonly #ports: ToolPorts

  constructor(call: FunctionCall, request: TaskRequest, ports: ToolPorts) {
    this.#call = call
    this.#request = request
    this.#ports = ports
  }

  get signal(): AbortSignal {
    return this.#call.signal
  }

  get log(): TaskLog {
    return logOf(this.#call.output)
  }

  get attempt(): number {
    return this.#request.attempt
  }

  get executionId(): string {
    return this.#request.executionId
  }

  get workflow(): string {
    return this.#request.workflow
  }

  get task(): string {
    return this.#request.taskId
  }

  /** Functions, and no methods: they are taken out of what they came in. */
  get deferUntil(): TaskTools['deferUntil'] {
    return (condition, options) => this.#deferUntil(condition, options?.pollEvery)
  }

  get secret(): TaskTools['secret'] {
    return (name) => this.#secret(name)
  }

  async #deferUntil(condition: () => unknown, pollEvery: string | undefined): Promise<void> {
    const { slot } = this.#request
    const call = this.#call
    if (typeof condition !== 'function') {
      const message = `The condition of deferUntil() must be a function, but ${shownValue(condition)} was given.`
      throw new UsageError('INVALID_ARGUMENT', message, { path: 'condition' })
    }
    const everyMs = pollEvery === undefined ? DEFER_POLL_MS : durationMs(String(pollEvery))
    if (typeof everyMs !== 'number') {
      const message = `"pollEvery" of deferUntil() must be a duration such as "500ms": ${everyMs.reason}.`
      throw new UsageError('INVALID_ARGUMENT', message, { path: 'pollEvery' })
    }
    if (call.hasEnded) throw new UsageError('INVALID_ARGUMENT', `${call.label} has ended, so deferUntil() cannot wait.`)
    slot.release()
    while (!call.hasEnded) {
      await this.#pause(everyMs)
      if (await this.#holds(condition)) break
    }
    await abortable(slot.acquire(), call.signal)
  }

  /** Rejects with the reason when the task has to end. */
  async #pause(ms: number): Promise<void> {
    const over = Promise.withResolvers<void>()
    const timer = this.#ports.clock.wakeAfter(ms, over.resolve, DEFERRAL)
    try {
      await abortable(over.promise, this.#call.signal)
    } finally {
      timer.cancel()
    }
  }

  async #holds(condition: () => unknown): Promise<boolean> {
    try {
      return (await condition()) === true
    } catch (thrown) {
      this.#call.print('stderr', `[cloaca] deferUntil condition error: ${thrown}\n`)
      return false
    }
  }

  /** The name of a secret that is asked for by a name of the schedule's own. */
  #unaliased(name: string): string {
    const text = codec.pick(this.#request.inputText, ALIASES)
    const aliases: unknown = text === null ? null : JSON.parse(text)
    if (typeof aliases !== 'object' || aliases === null || !Object.hasOwn(aliases, name)) return name
    const meant: unknown = (aliases as Readonly<Record<string, unknown>>)[name]
    return typeof meant === 'string' ? meant : name
  }

  async #secret(name: string): Promise<SecretFields> {
    const { secrets, masksOf } = this.#ports
    const { workflow, executionId, taskId } = this.#request
    if (typeof name !== 'string') {
      const message = `The name of a secret must be a string, but ${shownValue(name)} was given.`
      throw new UsageError('INVALID_ARGUMENT', message, { path: 'name' })
    }
    const answer = await askForSecret(secrets, this.#unaliased(name), { workflow, executionId, taskId })
    if (answer.kind !== 'found') throw new Error(answer.message)
    masksOf(executionId).add(Object.values(answer.fields))
    return answer.fields
  }
}

/** The member of a context in which the parameters of a schedule give secrets other names. */
const ALIASES = '__cloacina_secret_refs__'

/** Settles as the work does, or rejects with the reason of the signal. */
async function abortable(work: Promise<void>, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted()
  const aborted = Promise.withResolvers<never>()
  const abort = (): void => aborted.reject(signal.reason)
  signal.addEventListener('abort', abort)
  work.catch(() => undefined)
  try {
    await Promise.race([work, aborted.promise])
  } finally {
    signal.removeEventListener('abort', abort)
  }
}

function logOf(output: CallOutput): TaskLog {
  const write =
    (level: LogLevel): TaskLog['info'] =>
    (message, values) =>
      output.record(level, String(message), values)
  return { debug: write('DEBUG'), info: write('INFO'), warn: write('WARNING'), error: write('ERROR') }
}
