/** Tools that functions receive in addition to the context. Rarely used ones are created on first use. */

import type { StatePollTools, TaskFailure, TaskLog, TaskTools } from '../../authoring/function-types.ts'
import type { Clock } from '../../engine/clock-port.ts'
import type { FailedTask } from '../../engine/ports.ts'
import { UsageError } from '../../errors.ts'
import { formatValue, keyArgument } from '../../model/arguments.ts'
import type { JsonObject } from '../../model/context.ts'
import { durationMs } from '../../model/time/duration.ts'
import { codec } from '../../native/index.ts'
import type { Masks } from '../../output/masks.ts'
import type { SecretFields, SecretProvider } from '../../secrets/provider.ts'
import { askForSecret } from '../../secrets/secret-source.ts'
import { frozenContext } from '../context-values.ts'
import type { AttemptRequest } from './attempt-request.ts'
import type { CallOutput, TaskLogLevel } from './call-output.ts'
import type { FunctionCall } from './function-call.ts'
import { type OpenOnces, onceInChain, runInChain } from './memory-tools.ts'

const DEFER_POLL_MS = 1_000
/** Label of the timer of `deferUntil`. Test clocks search for it. */
export const DEFERRAL_LABEL = 'waiting in deferUntil'

export interface ToolPorts {
  readonly clock: Clock
  readonly secrets: SecretProvider | null
  /** Returns the masks for the secrets of an execution. */
  readonly masksOf: (executionId: string) => Masks
}

export class CallTools implements StatePollTools<unknown> {
  readonly trigger: string
  /** Undefined if the trigger takes no state. */
  readonly state: unknown
  readonly #call: FunctionCall
  readonly #stopping: AbortSignal | undefined

  constructor(call: FunctionCall, trigger: string, stopping: AbortSignal | undefined, state: unknown) {
    this.#call = call
    this.trigger = trigger
    this.state = state
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
  readonly #request: AttemptRequest
  readonly #ports: ToolPorts
  #input: TaskTools['input'] | null = null
  #failures: TaskTools['failures'] | null = null
  #onces: OpenOnces | null = null

  constructor(call: FunctionCall, request: AttemptRequest, ports: ToolPorts) {
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

  get input(): TaskTools['input'] {
    this.#checkUse('tools.input')
    this.#input ??= frozenContext(this.#request.view.inputText) as JsonObject
    return this.#input
  }

  get failures(): TaskTools['failures'] {
    this.#checkUse('tools.failures')
    this.#failures ??= failuresByTask(this.#request.view.failures())
    return this.#failures
  }

  /** Returns functions that work without `this`, because users destructure the tools. */
  get deferUntil(): TaskTools['deferUntil'] {
    return (condition, options) => this.#deferUntil(condition, options?.pollEvery)
  }

  get once(): TaskTools['once'] {
    this.#onces ??= new Map()
    const onces = this.#onces
    return (name, run) => onceInChain(this.#call, this.#request.memory, onces, name, run)
  }

  get key(): TaskTools['key'] {
    return (name) => {
      this.#checkUse('tools.key')
      return this.#request.memory.keyOf(keyArgument(name, 'name'))
    }
  }

  get run(): TaskTools['run'] {
    return (workflow, input, options) => runInChain(this.#call, this.#request.memory, workflow, input, options)
  }

  get secret(): TaskTools['secret'] {
    return (name) => this.#secret(name)
  }

  async #deferUntil(condition: () => unknown, pollEvery: string | undefined): Promise<void> {
    const { slot } = this.#request
    const call = this.#call
    if (typeof condition !== 'function') {
      const message = `The condition of deferUntil() must be a function, but ${formatValue(condition)} was given.`
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

  #checkUse(name: string): void {
    const { hasEnded, label } = this.#call
    if (!hasEnded) return
    const message = `${label} has ended, so ${name} is not available. Read it before the function ends.`
    throw new UsageError('INVALID_ARGUMENT', message, { path: name })
  }

  async #pause(ms: number): Promise<void> {
    const over = Promise.withResolvers<void>()
    const timer = this.#ports.clock.wakeAfter(ms, over.resolve, DEFERRAL_LABEL)
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

  /** Returns the real name of a secret, which a schedule may rename. */
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
      const message = `The name of a secret must be a string, but ${formatValue(name)} was given.`
      throw new UsageError('INVALID_ARGUMENT', message, { path: 'name' })
    }
    const answer = await askForSecret(secrets, this.#unaliased(name), { workflow, executionId, taskId })
    if (answer.kind !== 'found') throw new Error(answer.message) // Uncoded: the error of a task, whose name users see
    masksOf(executionId).add(Object.values(answer.fields))
    return answer.fields
  }
}

/** Member of a context in which a schedule's parameters give secrets other names. */
const ALIASES = '__cloacina_secret_refs__'

/** Settles as the work does, or rejects with the signal's reason. */
async function abortable(work: Promise<void>, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted()
  const aborted = Promise.withResolvers<never>()
  const abort = (): void => aborted.reject(signal.reason)
  signal.addEventListener('abort', abort)
  work.catch(() => undefined) // Ignored: it is awaited below, unless the signal comes first
  try {
    await Promise.race([work, aborted.promise])
  } finally {
    signal.removeEventListener('abort', abort)
  }
}

function failuresByTask(failures: readonly FailedTask[]): TaskTools['failures'] {
  const entries = failures.map(({ task, type, message, attempts }): [string, TaskFailure] => {
    return [task, Object.freeze({ type, message, attempts })]
  })
  return Object.freeze(Object.fromEntries(entries))
}

function logOf(output: CallOutput): TaskLog {
  const write =
    (level: TaskLogLevel): TaskLog['info'] =>
    (message, values) =>
      output.record(level, String(message), values)
  return { debug: write('DEBUG'), info: write('INFO'), warn: write('WARNING'), error: write('ERROR') }
}
