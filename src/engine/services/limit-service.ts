/** `runner.limits`: limits of tasks and workflows, by key. */

import * as v from 'valibot'
import { UsageError } from '../../errors.ts'
import { formatValue, nameArgument } from '../../model/arguments.ts'
import type { JsonValue } from '../../model/context.ts'
import { parseRate, RATE_FORM } from '../../model/limits/limit-rate.ts'
import {
  type LimitOverrides,
  type LimitRate,
  type LimitRow,
  type LimitValueRow,
  limitedWorkflow,
  MAX_LIMIT_VALUE_BYTES,
} from '../../model/limits/limits.ts'
import { parseOptions } from '../../options/checked.ts'
import { optionsSchema, wholeNumberAtLeast } from '../../options/schemas.ts'
import { didYouMean } from '../../registry/nearest.ts'
import type { EnginePorts } from '../engine-options.ts'
import type { RunWaits } from '../executions/run-waits.ts'
import { type ActionOptions, newAction } from './action-service.ts'
import { checkedPage, type PageOptions } from './page-options.ts'

/** Options of calls that change a limit. */
export type LimitActionOptions = Omit<ActionOptions, 'answerWithinMs'>

/** Values that replace those of the code. Members that are not given stay as they are. */
export interface LimitSettings {
  /** Maximum number at the same time, 1 or more. Null: no maximum. */
  readonly maxActive?: number | null
  /** Rate such as `100/1m`. Null: no rate. */
  readonly rate?: string | null
}

/** Value of `per` whose slots a call opens. */
export interface LimitValueOptions extends LimitActionOptions {
  /** Text, number, true, false or null. Default: the slots of all values. */
  readonly value?: JsonValue
  /** Exact JSON text of the value, instead of `value`. */
  readonly valueText?: string
}

/** Options of `runner.limits.close`. */
export interface CloseLimitOptions extends LimitValueOptions {
  /** Time after which the slots open again, in milliseconds, 1 or more. Default: they stay closed until `open`. */
  readonly forMs?: number
}

const RATE = v.nullable(
  v.pipe(
    v.string(RATE_FORM),
    v.rawTransform<string, LimitRate>(({ dataset, addIssue, NEVER }) => {
      const rate = parseRate(dataset.value)
      if (rate !== null) return rate
      addIssue({ message: RATE_FORM })
      return NEVER
    }),
  ),
)
const SETTINGS = optionsSchema({ maxActive: v.nullable(wholeNumberAtLeast(1)), rate: RATE })
/** A year. */
const MAX_CLOSED_MS = 366 * 86_400_000
const CLOSED_MS = wholeNumberAtLeast(1, MAX_CLOSED_MS)

/** `runner.limits`: limits of tasks and workflows. Calls with a name throw `LIMIT_NOT_FOUND` for an unknown limit. */
export class Limits {
  readonly #ports: EnginePorts
  readonly #waits: RunWaits

  /** @internal */
  constructor(ports: EnginePorts, waits: RunWaits) {
    this.#ports = ports
    this.#waits = waits
  }

  /** Returns all limits, by name. The limit of a workflow is named `workflow:` followed by the name of the workflow. */
  async list(): Promise<readonly LimitRow[]> {
    return await this.#ports.store.limits.list()
  }

  /** Returns a limit with its numbers over all values. */
  async get(name: string): Promise<LimitRow> {
    return await this.#row(name)
  }

  /** Returns the values of a limit that are in use, waited for or closed, by JSON text. */
  async values(name: string, options: PageOptions = {}): Promise<readonly LimitValueRow[]> {
    await this.#row(name)
    return await this.#ports.store.limits.listValues(name, checkedPage(options))
  }

  /**
   * Overrides values of a limit in all engines; `null` removes all overrides. New overrides are added to earlier ones,
   * and stay over restarts and new code. They apply to attempts and executions that begin from then on.
   */
  async set(name: string, settings: LimitSettings | null, options: LimitActionOptions = {}): Promise<LimitRow> {
    const row = await this.#row(name)
    const overrides = settings === null ? null : checkedOverrides(row, settings)
    const action = newAction(this.#ports, 'set', limitTarget(name), options, settings)
    const available = await this.#ports.store.limits.set(name, overrides, action.at, action)
    if (available === null) throw await this.#unknown(name)
    this.#waits.ended(available)
    return await this.#row(name)
  }

  /**
   * Closes the slots of a limit, or those of one value: no attempt or execution takes one until they are open again.
   * Those that have begun continue. Closing again replaces the time.
   */
  async close(name: string, options: CloseLimitOptions = {}): Promise<LimitRow> {
    const value = this.#checkedValue(await this.#row(name), options)
    const forMs = options.forMs === undefined ? null : parseOptions(CLOSED_MS, options.forMs, 'forMs')
    const action = newAction(this.#ports, 'close', limitTarget(name), options, { ...valueFact(value), forMs })
    const isClosed = await this.#ports.store.limits.close({ name, value }, forMs, action.at, action)
    if (!isClosed) throw await this.#unknown(name)
    return await this.#row(name)
  }

  /** Opens the slots of a limit, or those of one value, before their time. */
  async open(name: string, options: LimitValueOptions = {}): Promise<LimitRow> {
    const value = this.#checkedValue(await this.#row(name), options)
    const action = newAction(this.#ports, 'open', limitTarget(name), options, valueFact(value))
    const available = await this.#ports.store.limits.open({ name, value }, action.at, action)
    if (available === null) throw await this.#unknown(name)
    this.#waits.ended(available)
    return await this.#row(name)
  }

  /** Does not use `get`, which rejects if the engine stops during a call: the change of this call is stored already. */
  async #row(name: string): Promise<LimitRow> {
    const row = await this.#ports.store.limits.get(nameArgument(name, 'name'))
    if (row === null) throw await this.#unknown(name)
    return row
  }

  /** Returns the canonical JSON text of the value, as attempts have it; null for all values. */
  #checkedValue({ name, per }: LimitRow, { value, valueText }: LimitValueOptions): string | null {
    if (value === undefined && valueText === undefined) return null
    const text = canonicalScalar(this.#ports.codec, valueText ?? JSON.stringify(value))
    if (text === null) {
      const expected = `a text, a number, true, false or null of at most ${MAX_LIMIT_VALUE_BYTES} bytes of JSON`
      const message = `"value" must be ${expected}, but ${formatValue(valueText ?? value)} was given.`
      throw new UsageError('INVALID_ARGUMENT', message, { limit: name, path: 'value' })
    }
    if (per !== null) return text
    const message = `Limit "${name}" has the same slots for all values, because it has no "per". Omit the value.`
    throw new UsageError('INVALID_ARGUMENT', message, { limit: name, path: 'value' })
  }

  async #unknown(name: string): Promise<UsageError> {
    const known = (await this.#ports.store.limits.list()).map((row) => row.name)
    const message = `Limit "${name}" not found in this database.${didYouMean(name, known)}`
    return new UsageError('LIMIT_NOT_FOUND', message, { limit: name })
  }
}

/** A trigger can have the name of a limit, so the target of an action names both. */
function limitTarget(name: string): string {
  return `limit ${name}`
}

function valueFact(value: string | null): object {
  return value === null ? {} : { value: JSON.parse(value) as JsonValue }
}

/** Returns the new overrides. Throws `INVALID_ARGUMENT` if the limit would limit nothing with them. */
function checkedOverrides(row: LimitRow, given: LimitSettings): LimitOverrides {
  const settings = parseOptions(SETTINGS, given, '') as LimitOverrides
  const { maxActive, rate } = settings
  if (maxActive === undefined && rate === undefined) {
    throw new UsageError('INVALID_ARGUMENT', 'Set at least one of "maxActive" and "rate".', { limit: row.name })
  }
  if (limitedWorkflow(row.name) !== null && rate !== undefined && rate !== null) {
    const message = `Limit "${row.name}" limits executions, which have no rate. Set "maxActive" only.`
    throw new UsageError('INVALID_ARGUMENT', message, { limit: row.name, path: 'rate' })
  }
  const effective = { maxActive: row.maxActive, rate: row.rate, ...settings }
  if (effective.maxActive !== null || effective.rate !== null) return settings
  const message = `Limit "${row.name}" must keep a maximum or a rate: at least one of "maxActive" and "rate".`
  throw new UsageError('INVALID_ARGUMENT', message, {
    limit: row.name,
    path: maxActive === null ? 'maxActive' : 'rate',
  })
}

/** Returns null for a text that is not JSON, for lists and objects, and for a value that is too large. */
function canonicalScalar(codec: EnginePorts['codec'], text: string): string | null {
  try {
    const canonical = codec.canonicalize(text)
    const isScalar = !/^[[{]/.test(canonical) && Buffer.byteLength(canonical) <= MAX_LIMIT_VALUE_BYTES
    return isScalar ? canonical : null
  } catch {
    // Ignored: the caller reports it
    return null
  }
}
