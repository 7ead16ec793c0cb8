/** A trigger to the compiler: which answers its function may give, for the workflow that it starts. */

import type { JsonObject } from '../../model/context.ts'
import type { Fire, Skip } from '../answers.ts'
import type { DeclaredTrigger } from '../declared.ts'
import type { PollTools } from '../types.ts'
import type { JsonOnly } from './json.ts'
import type { AnyWorkflow, InputOf } from './workflow.ts'

/** A trigger: a function that is called on an interval, or a schedule. Export it, or hand it to `runner.register`. */
export interface Trigger<Name extends string = string> {
  /** Its name, unlike those of all other triggers. */
  readonly name: Name
  /** Name of the workflow that it starts. */
  readonly workflow: string
  /** What was declared, as data. */
  readonly declared: DeclaredTrigger
}

/** What a trigger may start: a workflow, or the name of one. */
export type Startable = AnyWorkflow | string

/** What a workflow begins with; any JSON object where only its name is known. */
export type Fired<Starts> = Starts extends string ? JsonObject : InputOf<Starts>

/** The function of a trigger, with a sentence for what no trigger may return. */
export type PollOf<Starts, Answer> = ((tools: PollTools) => Answer | Promise<Answer>) & AnswerCheck<Starts, Answer>

type AnswerCheck<Starts, Answer> = unknown extends Answer
  ? unknown
  : [Answer] extends [object | boolean]
    ? ContextCheck<Fired<Starts>, ContextsIn<Answer>>
    : 'A trigger returns an object or fire(…), to start its workflow, or skip(…); it returned nothing, or a text or number'

/** What an answer fires. */
type ContextsIn<Answer> = Answer extends Skip | false
  ? never
  : Answer extends true
    ? Record<never, never>
    : Answer extends Fire<infer Context>
      ? Context
      : Answer

type ContextCheck<Wanted, Context> = [Context] extends [never]
  ? unknown
  : [Context] extends [readonly unknown[]]
    ? 'A trigger fires an object, and no array'
    : unknown extends JsonOnly<Context>
      ? [Context] extends [Wanted]
        ? unknown
        : (tools: PollTools) => Context extends Wanted ? never : Fires<Wanted>
      : JsonOnly<Context>

/** Named in messages: what has to be fired for the workflow. */
export type Fires<Wanted> = Wanted | Fire<Wanted>

/** Of a schedule: it fires nothing, so the workflow must not need anything. */
export type Scheduled<Starts> =
  Record<never, never> extends Fired<Starts>
    ? unknown
    : { readonly starts: 'A cron trigger fires nothing, but the input of this workflow needs something: poll instead' }
