/** A trigger to the compiler: which answers its function may give, for the workflow that it starts. */

import type { JsonObject } from '../../model/context.ts'
import type { Fire, Skip } from '../answers.ts'
import type { DeclaredTrigger } from '../declared.ts'
import type { PollTools } from '../types.ts'
import type { JsonOnly, One } from './json.ts'
import type { AnyWorkflow, InputOf, TYPES } from './workflow.ts'

/** Trigger made by `trigger`. Export it, or pass it to `runner.register`. */
export interface Trigger<Name extends string = string, Context = unknown> {
  /** Unique name of the trigger. */
  readonly name: Name
  /** Name of the workflow that the trigger starts. */
  readonly workflow: string
  /** Declaration as data. */
  readonly declared: DeclaredTrigger
  readonly [TYPES]?: { readonly fired: Context }
}

/** The context that a trigger fires. */
export type FiredBy<Any> = Any extends { readonly [TYPES]?: { readonly fired: infer Context } }
  ? unknown extends Context
    ? JsonObject
    : Context
  : JsonObject

/** What a trigger may start: a workflow, or the name of one. */
export type Startable = AnyWorkflow | string

/** What a workflow begins with; any JSON object where only its name is known. */
export type Fired<Starts> = Starts extends string ? JsonObject : InputOf<Starts>

/** The function of a trigger, with a sentence for what no trigger may return. */
export type PollOf<Wanted, Answer> = ((tools: PollTools) => Answer | Promise<Answer>) & AnswerCheck<Wanted, Answer>

type AnswerCheck<Wanted, Answer> = unknown extends Answer
  ? unknown
  : [Answer] extends [object | boolean]
    ? FiredCheck<Wanted, ContextsIn<Answer>>
    : 'A trigger must return an object, fire(…) or skip(…), but this function may return something else'

/** What an answer fires. */
type ContextsIn<Answer> = Answer extends Skip | false
  ? never
  : Answer extends true
    ? Record<never, never>
    : Answer extends Fire<infer Context>
      ? Context
      : Answer

type FiredCheck<Wanted, Context> = [Context] extends [never]
  ? unknown
  : [Extract<Context, readonly unknown[]>] extends [never]
    ? unknown extends JsonOnly<Context>
      ? [Context] extends [Wanted]
        ? unknown
        : One<Misfit<Wanted, Context>>
      : JsonOnly<Context>
    : 'A trigger must fire an object, but this function may fire an array'

/** Which key of what is fired does not fit, in a sentence. */
type Misfit<Wanted, Context> = Context extends Wanted
  ? never
  : {
      [Key in keyof Wanted & string]-?: Key extends keyof Context
        ? Context[Key] extends Wanted[Key]
          ? never
          : `"${Key}" of the fired context does not have the type that the input of the workflow requires`
        : Record<never, never> extends Pick<Wanted, Key>
          ? never
          : `"${Key}" is missing in the fired context: the input of the workflow requires it`
    }[keyof Wanted & string]

/** Of a schedule: it fires nothing, so the workflow must not need anything. */
export type Scheduled<Starts> =
  Record<never, never> extends Fired<Starts>
    ? unknown
    : {
        readonly cron: 'A cron trigger passes no input, but this workflow requires input: use a polled trigger'
      }
