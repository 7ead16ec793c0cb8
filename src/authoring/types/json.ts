/**
 * What is JSON to the compiler: which results of tasks and triggers cannot be stored, said in one sentence, and what a
 * stored value is like when it is read. Types only; at run time the function host looks at the values themselves.
 */

import type { JsonValue } from '../../model/context.ts'

type Scalar = null | boolean | number | string

/** Read-only form of a stored value, at all levels. */
export type Frozen<Value> = [JsonValue] extends [Value] ? Value : ReadOnly<Value>

type ReadOnly<Value> = Value extends Scalar
  ? Value
  : Value extends readonly (infer Element)[]
    ? number extends Value['length']
      ? readonly Frozen<Element>[]
      : { readonly [Index in keyof Value]: Frozen<Value[Index]> }
    : Value extends object
      ? { readonly [Key in keyof Value]: Frozen<Value[Key]> }
      : Value

/**
 * Unknown for a value of which all is JSON, as far as can be seen; otherwise a sentence that says what is not, so that
 * the compiler's message has it: `"rows[].at" is a Date, which is not a JSON value: use .toISOString()`.
 */
export type JsonOnly<Value> = [Problem<Value>] extends [never] ? unknown : One<Problem<Value>>

/** What a function that returns nothing returns. */
// biome-ignore lint/suspicious/noConfusingVoidType: it is what the compiler infers.
export type Nothing = undefined | void

/** Levels that are looked at: types may be without end. */
type Depth = readonly unknown[]
type DeepEnough = [0, 0, 0, 0, 0, 0]

// Of `any` nothing is known. It is asked for in a list, since the compiler answers no question about the type of an error by itself.
type Problem<Value, Path extends string = '', Levels extends Depth = []> = [0] extends [1 & Value]
  ? never
  : Levels['length'] extends DeepEnough['length']
    ? never
    : Value extends Scalar
      ? never
      : Value extends object
        ? ObjectProblem<Value, Path, Levels>
        : ScalarProblem<Value, Path>

type ScalarProblem<Value, Path extends string> = Value extends Nothing
  ? `${Named<Path>} may be undefined, which is not a JSON value: use null, or omit the key`
  : Value extends bigint
    ? `${Named<Path>} is a bigint, which is not a JSON value: use a number or a string`
    : Value extends symbol
      ? `${Named<Path>} is a symbol, which is not a JSON value`
      : never

type ObjectProblem<Value extends object, Path extends string, Levels extends Depth> = Value extends AnyFunction
  ? `${Named<Path>} is a function, which is not a JSON value`
  : Value extends Date
    ? `${Named<Path>} is a Date, which is not a JSON value: use .toISOString()`
    : Value extends PromiseLike<unknown>
      ? `${Named<Path>} is a promise, which is not a JSON value: await it`
      : Value extends ReadonlyMap<unknown, unknown>
        ? `${Named<Path>} is a Map, which is not a JSON value: use Object.fromEntries()`
        : Value extends ReadonlySet<unknown>
          ? `${Named<Path>} is a Set, which is not a JSON value: use an array, [...set]`
          : Value extends readonly (infer Element)[]
            ? Problem<Element, `${Path}[]`, readonly [...Levels, 0]>
            : MembersProblem<Value, Path, Levels>

type MembersProblem<Value extends object, Path extends string, Levels extends Depth> = [Methods<Value>] extends [never]
  ? { [Key in keyof Value]-?: Problem<Given<Value, Key>, Inside<Path, Key>, readonly [...Levels, 0]> }[keyof Value]
  : Path extends ''
    ? `"${Methods<Value>}" is a function, which is not a JSON value`
    : `"${Path}" is an object with functions, which is not a JSON value: return only its data`

type AnyFunction = (...args: never) => unknown

/** Names of members that are functions. */
type Methods<Value> = {
  [Key in keyof Value & string]-?: [0] extends [1 & Value[Key]] ? never : Value[Key] extends AnyFunction ? Key : never
}[keyof Value & string]

/** The type of a member where it is there: a key may be missing, but an undefined value is none. */
type Given<Value, Key extends keyof Value> =
  Record<never, never> extends Pick<Value, Key> ? Exclude<Value[Key], undefined> : Value[Key]

type Inside<Path extends string, Key> = Key extends string | number
  ? Path extends ''
    ? `${Key}`
    : `${Path}.${Key}`
  : Path

type Named<Path extends string> = Path extends '' ? 'The result' : `"${Path}"`

/** One of a union: the first problem is enough, and all of them would be a long message. */
export type One<Union> = (Union extends unknown ? (each: (one: Union) => void) => void : never) extends (
  all: infer Overloads,
) => void
  ? Overloads extends (one: infer Single) => void
    ? Single
    : never
  : never
