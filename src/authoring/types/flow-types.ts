/** Types of contexts along the edges of a workflow, merged as by the engine. Types only. */

import type { SomeDependency } from '../rule-builders.ts'
import type { NoValue } from './json.ts'

/** Facts about a task. A workflow has a union of them: the compiler would copy a growing object for each task. */
export interface TaskFlow<Id extends string = string, After = unknown, Context = unknown, Completed = unknown> {
  readonly id: Id
  /** Dependencies, as the options name them. */
  readonly after: After
  /** Output: the input with the additions. */
  readonly context: Context
  /** Ids of the tasks that have completed when it runs. Without a condition, all are taken for completed. */
  readonly completed: Completed
}

export type FlowTaskIds<Tasks> = Tasks extends TaskFlow<infer Id> ? Id : never

/** Ids in `after`: one task or several, as texts or task values. */
type IdsIn<After> = After extends readonly unknown[] ? IdOf<After[number]> : IdOf<After>

type IdOf<Ref> = Ref extends string ? Ref : Ref extends { readonly id: infer Id extends string } ? Id : never

/**
 * Input of a task: the input of its workflow, or the outputs of its dependencies, merged in the order of `after`. The
 * keys of a dependency that need not have completed are optional.
 */
export type ContextAfter<Tasks, After, Input, Completed> = [After] extends [undefined]
  ? Input
  : After extends readonly []
    ? Input
    : After extends readonly [infer Only]
      ? AddedBySingle<Tasks, IdOf<Only>, Completed>
      : After extends readonly [infer First, ...infer Rest]
        ? MergedInOrder<Tasks, Rest, AddedByOne<Tasks, IdOf<First>, Completed>, Completed>
        : AddedBySingle<Tasks, IdsIn<After>, Completed>

type MergedInOrder<Tasks, Rest, Merge, Completed> = Rest extends readonly [infer Next, ...infer Others]
  ? MergedInOrder<Tasks, Others, Merged<Merge, AddedByOne<Tasks, IdOf<Next>, Completed>>, Completed>
  : Merge

type AddedByOne<Tasks, Id, Completed> = [Id] extends [Completed] ? LeftBy<Tasks, Id> : Partial<LeftBy<Tasks, Id>>

type AddedBySingle<Tasks, Id, Completed> = SomeDependency extends Completed
  ? LeftBy<Tasks, Id>
  : AddedByOne<Tasks, Id, Completed>

/** Output of a task. */
type LeftBy<Tasks, Id> = Tasks extends { readonly id: Id; readonly context: infer Context } ? Context : never

/**
 * Output of a task: its additions replace values with the same keys. Without such keys it is an intersection, which
 * costs the compiler far less than an object: workflows may have hundreds of tasks.
 */
export type Patched<Context, Returned> = [Returned] extends [Record<never, never>]
  ? [Extract<keyof Returned, KnownKeys<Context>>] extends [never]
    ? Context & Returned
    : Flat<Without<Context, keyof Returned> & Returned>
  : Context

/** Known keys, without those of an index signature. */
type KnownKeys<Members> = keyof {
  [Key in keyof Members as string extends Key ? never : number extends Key ? never : Key]: 0
}

/** Additions of a function that may return nothing. Keys that it may omit are optional. */
export type Additions<Returned> = [Returned] extends [NoValue]
  ? unknown
  : [Extract<Returned, NoValue>] extends [never]
    ? Returned
    : Partial<Exclude<Returned, NoValue>>

/** Merge of two contexts: objects key by key, lists concatenated, otherwise the later value. */
type Merged<Earlier, Later> = [Conflicts<Earlier, Later>] extends [never]
  ? Earlier & Later
  : Flat<
      Without<Earlier, Conflicts<Earlier, Later>> &
        Without<Later, Conflicts<Earlier, Later>> & {
          [Key in Conflicts<Earlier, Later>]:
            | MergedValue<Member<Earlier, Key>, Member<Later, Key>>
            | (IsOptional<Earlier, Key> extends true ? Member<Later, Key> : never)
            | (IsOptional<Later, Key> extends true ? Member<Earlier, Key> : never)
            | ([IsOptional<Earlier, Key>, IsOptional<Later, Key>] extends [true, true] ? undefined : never)
        }
    >

/** Keys in both contexts with different types. */
type Conflicts<Earlier, Later> = {
  [Key in KnownKeys<Earlier> & KnownKeys<Later>]: Same<Member<Earlier, Key>, Member<Later, Key>> extends true
    ? never
    : Key
}[KnownKeys<Earlier> & KnownKeys<Later>]

/** Type of a key, without the `undefined` of an optional one. */
type Member<Members, Key> = Key extends keyof Members ? Exclude<Members[Key], undefined> : never

type IsOptional<Members, Key> = Key extends keyof Members
  ? Record<never, never> extends Pick<Members, Key>
    ? true
    : false
  : false

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

/** Keeps known keys next to an index signature. */
type Without<Context, Keys extends PropertyKey> = {
  [Key in keyof Context as Key extends Keys ? never : Key]: Context[Key]
}

/** Expands members, so that editors show them. */
export type Flat<Members> = Members extends infer All ? { [Key in keyof All]: All[Key] } : never

/** Final context of an execution: the output of its last task, which is one without tasks after it. */
export type FinalContext<Tasks> = LeftBy<Tasks, Exclude<FlowTaskIds<Tasks>, AfterOf<Tasks>>>

type AfterOf<Tasks> = Tasks extends TaskFlow<string, infer After> ? IdsIn<After> : never
