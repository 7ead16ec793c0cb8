/**
 * JSON for the compiler: rejects results that cannot be stored, with a sentence, and describes the read form of values.
 * Types only; the function host checks the values themselves.
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
 * Unknown for JSON, otherwise a sentence for the compiler's message, such as
 * `"rows[].at" is a Date, which is not a JSON value: use .toISOString()`.
 */
export type JsonOnly<Value> = [Problem<Value>] extends [never] ? unknown : OneMember<Problem<Value>>

/** Return type of a function that returns nothing. */
// biome-ignore lint/suspicious/noConfusingVoidType: it is what the compiler infers.
export type NoValue = undefined | void

/** Counter of levels, because types may be infinite. */
type Depth = readonly unknown[]
type DeepEnough = [0, 0, 0, 0, 0, 0]

// Nothing is known of `any`. The tuples are needed, because the compiler answers no question about a bare error type.
type Problem<Value, Path extends string = '', Levels extends Depth = []> = [0] extends [1 & Value]
  ? never
  : Levels['length'] extends DeepEnough['length']
    ? never
    : Value extends Scalar
      ? never
      : Value extends object
        ? ObjectProblem<Value, Path, Levels>
        : ScalarProblem<Value, Path>

type ScalarProblem<Value, Path extends string> = Value extends NoValue
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
  ? { [Key in keyof Value]-?: Problem<MemberType<Value, Key>, Inside<Path, Key>, readonly [...Levels, 0]> }[keyof Value]
  : Path extends ''
    ? `"${Methods<Value>}" is a function, which is not a JSON value`
    : `"${Path}" is an object with functions, which is not a JSON value: return only its data`

type AnyFunction = (...args: never) => unknown

/** Names of members that are functions. */
type Methods<Value> = {
  [Key in keyof Value & string]-?: [0] extends [1 & Value[Key]] ? never : Value[Key] extends AnyFunction ? Key : never
}[keyof Value & string]

/** Type of a present member: a key may be missing, but undefined is not JSON. */
type MemberType<Value, Key extends keyof Value> =
  Record<never, never> extends Pick<Value, Key> ? Exclude<Value[Key], undefined> : Value[Key]

type Inside<Path extends string, Key> = Key extends string | number
  ? Path extends ''
    ? `${Key}`
    : `${Path}.${Key}`
  : Path

type Named<Path extends string> = Path extends '' ? 'The result' : `"${Path}"`

/** Selects one member of a union: the first problem is enough, and all would be a long message. */
export type OneMember<Union> = (Union extends unknown ? (each: (one: Union) => void) => void : never) extends (
  all: infer Overloads,
) => void
  ? Overloads extends (one: infer Single) => void
    ? Single
    : never
  : never
