/**
 * How the type of the context flows along the edges of a workflow, as the engine merges the values: what a task is given,
 * and what it leaves. Types only.
 */

import type { Nothing } from './json.ts'

/** What is known of a task to those that come after it. */
export interface TaskFlow<After extends string, Context> {
  /** Ids of the tasks that it depends on. */
  readonly after: After
  /** The context that it leaves: its own with what it returned. */
  readonly context: Context
}

/** The ids in an `after`: of one task or of several, as texts or as task values. */
export type IdsIn<After> = After extends readonly unknown[] ? IdOf<After[number]> : IdOf<After>

type IdOf<Ref> = Ref extends string ? Ref : Ref extends { readonly id: infer Id extends string } ? Id : never

/** What a task is given: the input of its workflow, or what those before it left, merged in the order of `after`. */
export type ContextAfter<Tasks, After, Input> = [After] extends [undefined]
  ? Input
  : After extends readonly []
    ? Input
    : After extends readonly [infer Only]
      ? LeftBy<Tasks, IdOf<Only>>
      : After extends readonly [...infer Earlier, infer Last]
        ? Merged<ContextAfter<Tasks, Earlier, Input>, LeftBy<Tasks, IdOf<Last>>>
        : LeftBy<Tasks, IdsIn<After>>

type LeftBy<Tasks, Id> = Id extends keyof Tasks
  ? Tasks[Id] extends TaskFlow<string, infer Context>
    ? Context
    : never
  : never

/** A context after a task: what it returned replaces what was there under the same keys. */
export type Patched<Context, Returned> = [Returned] extends [Record<never, never>]
  ? Flat<Without<Context, keyof Returned> & Writable<Returned>>
  : Context

/** What a task's function returns of a union with nothing at all: a key that it may leave out may be missing. */
export type Additions<Returned> = [Returned] extends [Nothing]
  ? unknown
  : [Extract<Returned, Nothing>] extends [never]
    ? Returned
    : Partial<Exclude<Returned, Nothing>>

/** Two contexts as one: objects key by key, lists one after the other, otherwise the later. */
export type Merged<Earlier, Later> =
  Same<Earlier, Later> extends true
    ? Later
    : Flat<Without<Earlier, keyof Later> & { [Key in keyof Later]: MergedMember<Earlier, Later, Key> }>

type MergedMember<Earlier, Later, Key extends keyof Later> = Key extends keyof Earlier
  ? MergedValue<Earlier[Key], Later[Key]>
  : Later[Key]

type MergedValue<Earlier, Later> =
  Same<Earlier, Later> extends true
    ? Later
    : Earlier extends readonly (infer First)[]
      ? Later extends readonly (infer Second)[]
        ? readonly (First | Second)[]
        : Later
      : Earlier extends object
        ? Later extends readonly unknown[]
          ? Later
          : Later extends object
            ? Merged<Earlier, Later>
            : Later
        : Later

type Same<A, B> = [A] extends [B] ? ([B] extends [A] ? true : false) : false

/** Keeps keys that are known beside those of an index signature. */
type Without<Context, Keys extends PropertyKey> = {
  [Key in keyof Context as Key extends Keys ? never : Key]: Context[Key]
}

type Writable<Members> = { [Key in keyof Members]: Members[Key] }

/** Written out, so that editors show its members. */
export type Flat<Members> = Members extends infer All ? { [Key in keyof All]: All[Key] } : never

/** The context that an execution ends with: what its last task left, one of those that none comes after. */
export type FinalContext<Tasks> = LeftBy<Tasks, Exclude<keyof Tasks, AfterOf<Tasks>>>

type AfterOf<Tasks> = {
  [Id in keyof Tasks]: Tasks[Id] extends TaskFlow<infer After, unknown> ? After : never
}[keyof Tasks]
