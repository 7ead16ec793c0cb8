/**
 * How the type of the context flows along the edges of a workflow, as the engine merges the values: what a task is given,
 * and what it leaves. Types only.
 */

import type { Nothing } from './json.ts'

/**
 * What is known of a task to those that come after it. A workflow has a union of them: of an object that grows by a member with each task
 * the compiler would make as many objects, each of the one before.
 */
export interface TaskFlow<Id extends string = string, After = unknown, Context = unknown> {
  readonly id: Id
  /** The tasks that it depends on, as its options have them. */
  readonly after: After
  /** The context that it leaves: its own with what it returned. */
  readonly context: Context
}

/** The ids of tasks. */
export type IdsOf<Tasks> = Tasks extends TaskFlow<infer Id> ? Id : never

/** The ids in an `after`: of one task or of several, as texts or as task values. */
export type IdsIn<After> = After extends readonly unknown[] ? IdOf<After[number]> : IdOf<After>

type IdOf<Ref> = Ref extends string ? Ref : Ref extends { readonly id: infer Id extends string } ? Id : never

/** What a task is given: the input of its workflow, or what those before it left, merged in the order of `after`. */
export type ContextAfter<Tasks, After, Input> = [After] extends [undefined]
  ? Input
  : After extends readonly []
    ? Input
    : After extends readonly [infer First, ...infer Rest]
      ? MergedInOrder<Tasks, Rest, LeftBy<Tasks, IdOf<First>>>
      : LeftBy<Tasks, IdsIn<After>>

type MergedInOrder<Tasks, Rest, Merge> = Rest extends readonly [infer Next, ...infer Others]
  ? MergedInOrder<Tasks, Others, Merged<Merge, LeftBy<Tasks, IdOf<Next>>>>
  : Merge

/** The context that a task leaves. */
type LeftBy<Tasks, Id> = Tasks extends { readonly id: Id; readonly context: infer Context } ? Context : never

/**
 * A context after a task: what it returned replaces what was there under the same keys. Where there is nothing to replace the result is an
 * intersection, which costs the compiler far less than another object: workflows may have hundreds of tasks.
 */
export type Patched<Context, Returned> = [Returned] extends [Record<never, never>]
  ? [Extract<keyof Returned, KnownKeys<Context>>] extends [never]
    ? Context & Returned
    : Flat<Without<Context, keyof Returned> & Returned>
  : Context

/** The keys that are named, without those of an index signature. */
type KnownKeys<Members> = keyof {
  [Key in keyof Members as string extends Key ? never : number extends Key ? never : Key]: 0
}

/** What a task's function returns of a union with nothing at all: a key that it may leave out may be missing. */
export type Additions<Returned> = [Returned] extends [Nothing]
  ? unknown
  : [Extract<Returned, Nothing>] extends [never]
    ? Returned
    : Partial<Exclude<Returned, Nothing>>

/** Two contexts as one: objects key by key, lists one after the other, otherwise the later. */
export type Merged<Earlier, Later> = [Conflicts<Earlier, Later>] extends [never]
  ? Earlier & Later
  : Flat<
      Without<Earlier, Conflicts<Earlier, Later>> &
        Without<Later, Conflicts<Earlier, Later>> & {
          [Key in Conflicts<Earlier, Later>]: MergedValue<Member<Earlier, Key>, Member<Later, Key>>
        }
    >

/** Keys that both have, with different types. */
type Conflicts<Earlier, Later> = {
  [Key in KnownKeys<Earlier> & KnownKeys<Later>]: Same<Member<Earlier, Key>, Member<Later, Key>> extends true
    ? never
    : Key
}[KnownKeys<Earlier> & KnownKeys<Later>]

type Member<Members, Key> = Key extends keyof Members ? Members[Key] : never

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

/** Written out, so that editors show its members. */
export type Flat<Members> = Members extends infer All ? { [Key in keyof All]: All[Key] } : never

/** The context that an execution ends with: what its last task left, one of those that none comes after. */
export type FinalContext<Tasks> = LeftBy<Tasks, Exclude<IdsOf<Tasks>, AfterOf<Tasks>>>

type AfterOf<Tasks> = Tasks extends TaskFlow<string, infer After> ? IdsIn<After> : never
