/** Types of a trigger: the permitted answers of its function, depending on its workflow. */

import type { JsonObject } from '../../model/context.ts'
import type { DeclaredTrigger } from '../declared.ts'
import type { PollTools, StatePollTools } from '../function-types.ts'
import type { Fire, Skip } from '../poll-answers.ts'
import type { JsonOnly, OneMember } from './json.ts'
import type { AnyWorkflow, InputOf, TYPES } from './workflow-types.ts'

/** Trigger made by `trigger`. Export it, or pass it to `runner.register`. */
export interface Trigger<Name extends string = string, Context = unknown, State = unknown> {
  /** Unique name of the trigger. */
  readonly name: Name
  /** Name of the workflow that the trigger starts. */
  readonly workflow: string
  /** Declaration as data. */
  readonly declared: DeclaredTrigger
  readonly [TYPES]?: { readonly fired: Context; readonly state: State }
}

/** Context that a trigger fires. */
export type FiredBy<Any> = Any extends { readonly [TYPES]?: { readonly fired: infer Context } }
  ? unknown extends Context
    ? JsonObject
    : Context
  : JsonObject

/** State of a trigger. Undefined if it takes none. */
export type StateBy<Any> = Any extends { readonly [TYPES]?: { readonly state: infer State } }
  ? unknown extends State
    ? JsonObject | undefined
    : State
  : JsonObject | undefined

/** Workflow that a trigger may start, or its name. */
export type Startable = AnyWorkflow | string

/** Initial context of a workflow; any JSON object if only its name is known. */
export type Fired<Starts> = Starts extends string ? JsonObject : InputOf<Starts>

/** Function of a trigger, with a sentence for answers that no trigger may return, and for a state that is not JSON. */
export type CheckedPoll<Wanted, Answer, State = undefined> = ((tools: ToolsWith<State>) => Answer | Promise<Answer>) &
  AnswerCheck<Wanted, Answer> &
  StateCheck<State>

type ToolsWith<State> = [State] extends [undefined] ? PollTools : StatePollTools<State>

type StateCheck<State> = [State] extends [undefined] ? unknown : JsonOnly<State>

type AnswerCheck<Wanted, Answer> = unknown extends Answer
  ? unknown
  : [Answer] extends [object | boolean]
    ? [Exclude<ItemsIn<Answer>, Fire<unknown>>] extends [never]
      ? FiredCheck<Wanted, ContextsIn<Answer>>
      : 'An array that a trigger returns must contain only fire(…)'
    : 'A trigger must return an object, fire(…) or skip(…), but this function may return something else'

/** Items of arrays. Nothing is known of `any`, which also is the item of `[]` without strict checks. */
type ItemsIn<Answer> = Answer extends readonly (infer Item)[] ? ([0] extends [1 & Item] ? never : Item) : never

/** Contexts that an answer fires. */
type ContextsIn<Answer> = Answer extends Skip | false
  ? never
  : Answer extends true
    ? Record<never, never>
    : Answer extends Fire<infer Context>
      ? Context
      : Answer extends readonly unknown[]
        ? FiredItem<ItemsIn<Answer>>
        : Answer

type FiredItem<Item> = Item extends Fire<infer Context> ? Context : never

type FiredCheck<Wanted, Context> = [Context] extends [never]
  ? unknown
  : [Extract<Context, readonly unknown[]>] extends [never]
    ? unknown extends JsonOnly<Context>
      ? [Context] extends [Wanted]
        ? unknown
        : OneMember<Misfit<Wanted, Context>>
      : JsonOnly<Context>
    : 'A trigger must fire an object, but this function may fire an array'

/** Sentence about the first key that does not fit. */
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

/** Workflow of a schedule: it must not need an input, because a schedule fires no context. */
export type Scheduled<Starts> =
  Record<never, never> extends Fired<Starts>
    ? unknown
    : {
        readonly cron: 'A cron trigger passes no input, but this workflow requires input: use a polled trigger'
      }
