/**
 * Runners that scripts open with `cloaca.DefaultRunner`: each is an engine on the shared interpreters. Calls return the
 * documented answers, or refusals that name the built-in Python exception to raise. Used by the composition roots.
 */

import * as v from 'valibot'
import { type GenerationNumber, SECRET_CALL } from '../border/protocol.ts'
import type { DatabasePlace } from '../database/database-place.ts'
import type { Clock } from '../engine/clock-port.ts'
import type { Engine } from '../engine/engine.ts'
import type { EngineConfig } from '../engine/engine-config.ts'
import { CloacaError, InternalError, toError, UsageError } from '../errors.ts'
import { PythonRefusal, type ScriptAnswer, type ScriptCall } from '../host/script-call.ts'
import type { SecretProvider } from '../secrets/provider.ts'
import { RUNNER_CALLS } from './calls.ts'
import { HANDLE_CALLS } from './handle-calls.ts'
import { type RunnerCall, toAnswer } from './runner-call.ts'
import { scriptConfigSchema, toEngineSettings } from './script-config.ts'
import { secretFor } from './secrets.ts'
import { type TenantAdmin, tenantCalls } from './tenant-calls.ts'

export interface OpenEngine {
  readonly engine: Engine
  /** Stops the engine without waiting for its runs, and releases the database. */
  close(): Promise<void>
}

/** Opens the database and starts an engine for a script. Rejects with `INVALID_DATABASE_URL` or a `StoreError`. */
export type EngineOpener = (
  database: DatabasePlace,
  settings: Partial<EngineConfig>,
  generation: GenerationNumber,
) => Promise<OpenEngine>

/** Functions for requests that do not concern a runner. */
export interface ScriptRunnersPorts {
  /** Returns the package folders of the system's CPython. */
  packageFolders(): Promise<readonly string[]>
  adminOf(url: string): TenantAdmin
  readonly secrets: SecretProvider | null
}

const openSchema = v.object({ url: v.string(), schema: v.nullable(v.string()), config: scriptConfigSchema })
const runnerSchema = v.object({ runner: v.number() })

/** Maximum time that a script waits for the end of its runner. */
const LONGEST_SHUTDOWN_MS = 5_000

export class ScriptRunners {
  readonly #open: EngineOpener
  readonly #clock: Clock
  readonly #engines = new Map<number, OpenEngine & { readonly generation: GenerationNumber }>()
  /** Functions for requests of scripts, by method. */
  readonly #answers: ReadonlyMap<string, (call: ScriptCall) => Promise<ScriptAnswer>>
  #lastRunner = 0

  constructor(open: EngineOpener, clock: Clock, { packageFolders, adminOf, secrets }: ScriptRunnersPorts) {
    this.#open = open
    this.#clock = clock
    const runnerCalls = Object.entries(RUNNER_CALLS).map(
      ([method, known]) => [method, (call: ScriptCall) => this.#ask(known, call)] as const,
    )
    const ofTenants = Object.entries(tenantCalls(adminOf)).map(
      ([method, ask]) => [method, async ({ payload }: ScriptCall) => toAnswer(await ask(payload))] as const,
    )
    this.#answers = new Map<string, (call: ScriptCall) => Promise<ScriptAnswer>>([
      ['host.packageFolders', async () => toAnswer(await packageFolders())],
      [SECRET_CALL, async (call) => toAnswer(await secretFor(secrets, call))],
      ...Object.entries(HANDLE_CALLS),
      ['runner.open', async ({ payload, generation }) => toAnswer(await this.#openRunner(payload, generation))],
      ['runner.shutdown', async (call) => toAnswer(await this.#shutdownAsked(call))],
      ...runnerCalls,
      ...ofTenants,
    ])
  }

  get haveOpened(): boolean {
    return this.#lastRunner > 0
  }

  async answer(call: ScriptCall): Promise<ScriptAnswer> {
    const answer = this.#answers.get(call.method)
    if (answer === undefined)
      throw new InternalError(`A script called the method "${call.method}", which this engine does not have.`)
    return await answer(call)
  }

  /** Shuts down all runners that scripts left open. `report` receives errors of the shutdown. */
  close(report: (message: string) => void): Promise<void> {
    return this.#shutDownAll([...this.#engines.keys()], report)
  }

  /** Shuts down the runners that an ended generation left open. */
  closeOf(generation: GenerationNumber, report: (message: string) => void): Promise<void> {
    const runners = [...this.#engines].filter(([, engine]) => engine.generation === generation)
    return this.#shutDownAll(
      runners.map(([runner]) => runner),
      report,
    )
  }

  async #shutDownAll(runners: readonly number[], report: (message: string) => void): Promise<void> {
    const shutdowns = runners.map((runner) => this.#shutdown(runner))
    for (const end of await Promise.allSettled(shutdowns)) {
      if (end.status === 'rejected') report(toError(end.reason).message)
    }
  }

  async #openRunner(payload: unknown, generation: GenerationNumber): Promise<{ readonly runner: number }> {
    const { url, schema, config } = v.parse(openSchema, payload)
    try {
      const opened = await this.#open({ url, schema }, toEngineSettings(config), generation)
      const runner = ++this.#lastRunner
      this.#engines.set(runner, { ...opened, generation })
      return { runner }
    } catch (thrown) {
      const error = toError(thrown)
      if (error instanceof CloacaError && error.code === 'INVALID_DATABASE_URL') {
        throw new PythonRefusal('RuntimeError', error.message)
      }
      throw new PythonRefusal('RuntimeError', openingFailure(error, schema))
    }
  }

  async #ask(known: RunnerCall, call: ScriptCall): Promise<ScriptAnswer> {
    const payload = v.parse(known.schema, call.payload)
    const opened = this.#openedFor(call, payload.runner)
    if (opened === undefined) throw new PythonRefusal('ValueError', 'Failed to send message to runtime thread')
    try {
      const { value, contextText } = await known.run(opened.engine, payload, call)
      return { value, contextText: contextText ?? '' }
    } catch (thrown) {
      throw refusalOf(known.failure, toError(thrown))
    }
  }

  /** Returns undefined for a closed runner and, for a restricted script, for a runner of another script. */
  #openedFor({ generation, restriction }: ScriptCall, runner: number) {
    const opened = this.#engines.get(runner)
    return restriction === null || opened?.generation === generation ? opened : undefined
  }

  async #shutdownAsked(call: ScriptCall): Promise<void> {
    const { runner } = v.parse(runnerSchema, call.payload)
    if (this.#openedFor(call, runner) !== undefined) await this.#shutdown(runner)
  }

  /** Waits for the end of a runner's engine, up to a limit. The engine ends in any case. */
  async #shutdown(runner: number): Promise<void> {
    const opened = this.#engines.get(runner)
    if (opened === undefined) return
    this.#engines.delete(runner)
    const closing = opened.close()
    closing.catch(() => undefined) // Ignored: after the limit, no caller waits for the end
    const limit = Promise.withResolvers<never>()
    const timer = this.#clock.wakeAfter(
      LONGEST_SHUTDOWN_MS,
      // Uncoded: becomes a RuntimeError in Python
      () => limit.reject(new Error(`Shutdown timed out after ${LONGEST_SHUTDOWN_MS / 1000} seconds`)),
      'limiting a shutdown',
    )
    try {
      await Promise.race([closing, limit.promise])
    } catch (thrown) {
      throw new PythonRefusal('ValueError', `Failed to shutdown async runtime: ${toError(thrown).message}`)
    } finally {
      timer.cancel()
    }
  }
}

/** The SQLSTATE shows a refusal by the server, unless it concerns the access to the database. */
function openingFailure(error: Error, schema: string | null): string {
  const ofSchema = schema === null ? '' : `Failed to set up schema '${schema}': `
  const state = error.cause instanceof Error && 'code' in error.cause ? String(error.cause.code) : ''
  const isRefused = schema !== null && /^(?!08|28|3D|53|57)[0-9A-Z]{5}$/.test(state) && !state.startsWith('E')
  return `${isRefused ? '' : 'Failed to create DefaultRunner: Database connection failed: '}${ofSchema}${error.message}`
}

/** Returns the documented `ValueError`: a prefix that names the call, then the cause. */
function refusalOf(failure: string, error: Error): PythonRefusal {
  if (error instanceof PythonRefusal) return error
  if (error instanceof UsageError && error.code === 'RUNNER_CLOSED') {
    return new PythonRefusal('ValueError', 'Failed to receive response from runtime thread')
  }
  if (error instanceof UsageError && error.code === 'CRON_DISABLED') {
    return new PythonRefusal('ValueError', `${failure}Cron scheduling not enabled`)
  }
  return new PythonRefusal('ValueError', `${failure}${error.message}`)
}
