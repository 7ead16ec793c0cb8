/**
 * Regular expressions in RE2 syntax, for patterns or texts of strangers. The time of a match is linear in the length of
 * the text. Look-around and back-references are refused. JavaScript's own engine backtracks: `(a+)+$` takes 16 seconds
 * on 26 letters.
 */

import { RE2JS } from 're2js'

/** Length of a pattern, times the sum of the numbers in its repetitions. A larger one takes megabytes to compile. */
const MAX_PATTERN_SIZE = 50_000
const REPETITION = /\{(\d+)(?:,(\d*))?\}/g

export interface LinearPattern {
  /** Returns whether the pattern matches somewhere in the text. */
  test(text: string): boolean
}

/** A pattern that cannot be compiled. The message states the reason, without a full stop. */
export class PatternRefused extends Error {}

/** Compiles a pattern. Throws `PatternRefused`. */
export function linearPattern(source: string): LinearPattern {
  if (sizeOf(source) > MAX_PATTERN_SIZE) {
    throw new PatternRefused('the pattern is too large: use a shorter pattern, or smaller counts in braces')
  }
  try {
    return RE2JS.compile(source)
  } catch (thrown) {
    throw new PatternRefused(reasonOf(thrown))
  }
}

function sizeOf(source: string): number {
  let repetitions = 1
  for (const [, least = '', most = ''] of source.matchAll(REPETITION)) repetitions += Number(most || least)
  return source.length * repetitions
}

/** The library's messages begin with "error parsing regexp: ". */
function reasonOf(thrown: unknown): string {
  const { message } = thrown as Error
  const reason = message.replace(/^error parsing regexp: /, '')
  return `${reason}; patterns use RE2 syntax, which has no look-around and no back-references`
}
