/** Options of nodes that wait, and the types of their outputs. Types and their documentation only. */

import type { StandardSchemaV1 } from '@standard-schema/spec'
import type { JsonObject, JsonValue } from '../../model/context.ts'
import type { OnTimeout } from '../../model/workflow.ts'
import type { Duration } from '../function-types.ts'
import type { Rule } from '../rule-builders.ts'
import type { InputSchema } from './option-types.ts'

/** Options that all nodes share. */
export interface NodeOptions<Known extends string, After, Completed = unknown> {
  /** Tasks and nodes that must end before the node opens, as for a task. Default: none. */
  readonly after?: After
  /** Condition for waiting. If it is false, the node is skipped. Default: nodes before it must have completed. */
  readonly when?: Rule<Known, Completed> | undefined
}

/** Options of the limit of a wait. */
export interface WaitLimitOptions<Effect extends OnTimeout | undefined> {
  /** Time after the node opened, such as `'3d'`. Default: no limit. */
  readonly timeout?: Duration | undefined
  /** Effect of the timeout: the node fails, is skipped, or completes with null. Default: `'fail'`. */
  readonly onTimeout?: Effect
}

/** Options of a delay. */
export interface DelayOptions<Known extends string, After, Completed = unknown>
  extends NodeOptions<Known, After, Completed> {
  /** Time after the node opened, such as `'24h'`. Either it or `until` is required. */
  readonly for?: Duration | undefined
  /** Time of day, such as `'03:30'`. The delay ends the next time that the clock of the zone shows it. */
  readonly until?: string | undefined
  /** IANA name of the time zone of `until`. Default: `'UTC'`. */
  readonly timezone?: string | undefined
}

/** Options of a wait for a signal. */
export interface SignalWaitOptions<
  Known extends string,
  After,
  Payload extends InputSchema | undefined,
  Effect extends OnTimeout | undefined,
  Completed = unknown,
> extends NodeOptions<Known, After, Completed>,
    WaitLimitOptions<Effect> {
  /** Name of the signal, as in `runner.signal(…)` and `cloaca signal send`. */
  readonly signal: string
  /**
   * Text with `{name}` for top-level values of the node's input, such as `'{order_id}'`. `{{` and `}}` are braces. The
   * signal must have the same key, of at most 512 bytes of UTF-8. A value that is missing, null, an array or an object
   * fails the node. Default: empty.
   */
  readonly key?: string | undefined
  /**
   * Schema of the payload, of valibot, zod, arktype or another library that converts its schemas to JSON Schema. A
   * payload that does not match fails the node. Values are stored as they are sent, so defaults of the schema are not
   * filled in. Default: any JSON.
   */
  readonly payload?: Payload
}

/** Options of an approval. */
export interface ApprovalOptions<
  Known extends string,
  After,
  Form extends InputSchema | JsonObject | undefined,
  Effect extends OnTimeout | undefined,
  Completed = unknown,
> extends NodeOptions<Known, After, Completed>,
    WaitLimitOptions<Effect> {
  /**
   * Question for the person, with `{name}` for top-level values of the node's input, such as `'Refund {order_id}?'`.
   * `{{` and `}}` are braces. A missing value is shown as `{name}`.
   */
  readonly title: string
  /**
   * Schema of the values that the person enters: a JSON Schema, or a schema of a library that converts its schemas to
   * JSON Schema. The values are an object. Default: no values.
   */
  readonly form?: Form
}

/** Answer of a person, which an approval adds to the context. */
interface ApprovalResult<Values = JsonObject> {
  readonly approved: boolean
  readonly values: Values
  /** Interface through which the answer came, and on the command line the system user. */
  readonly by: string
  /** Time of the answer in milliseconds since 1970. */
  readonly at: number
  readonly note: string | null
}

/** Value that a wait for a signal adds. */
export type PayloadBy<Payload, Effect> = OrNull<
  Payload extends InputSchema ? StandardSchemaV1.InferInput<Payload> : JsonValue,
  Effect
>

/** Value that an approval adds. */
export type AnswerBy<Form, Effect> = OrNull<
  ApprovalResult<Form extends InputSchema ? StandardSchemaV1.InferInput<Form> : JsonObject>,
  Effect
>

/** A timeout with the effect `'continue'` adds null. */
type OrNull<Value, Effect> = [Effect] extends ['continue'] ? Value | null : Value

/** Object with one value under the id of a node. */
export type AddedUnder<Id extends string, Value> = { readonly [Key in Id]: Value }
