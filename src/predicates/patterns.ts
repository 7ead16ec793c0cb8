/** Regular expressions of predicates: `text.matches(pattern)`. CEL specifies RE2 syntax, too. */

import { type LinearPattern, linearPattern } from '../patterns/linear-pattern.ts'
import { isNode, type Node } from './expression-nodes.ts'

const MAX_KEPT = 100
const patterns = new Map<string, LinearPattern>()

/** Throws the reason if the pattern does not compile. */
export function compilePattern(source: string): LinearPattern {
  const known = patterns.get(source)
  if (known !== undefined) return known
  const pattern = compiled(source)
  if (patterns.size >= MAX_KEPT) patterns.clear()
  patterns.set(source, pattern)
  return pattern
}

function compiled(source: string): LinearPattern {
  try {
    return linearPattern(source)
  } catch (thrown) {
    // Uncoded: the cause of a failed predicate
    throw new Error(`invalid regular expression "${source}": ${(thrown as Error).message}`)
  }
}

/** Returns why a literal pattern of an expression is invalid; null if all are valid. */
export function wrongPattern(part: unknown): string | null {
  if (Array.isArray(part)) return part.reduce((found: string | null, each) => found ?? wrongPattern(each), null)
  if (!isNode(part)) return null
  return ownWrongPattern(part) ?? wrongPattern(part.args)
}

function ownWrongPattern({ op, args }: Node): string | null {
  if (op !== 'rcall') return null
  const [name, , given] = args as readonly [name: string, receiver: Node, given: readonly Node[]]
  const [pattern] = given
  if (name !== 'matches' || pattern?.op !== 'value' || typeof pattern.args !== 'string') return null
  try {
    compilePattern(pattern.args)
    return null
  } catch (thrown) {
    return (thrown as Error).message
  }
}
