/** The option `--grep`: lines that match a regular expression. */

import type { LogRecord } from '../../index.ts'
import { UsageMistake } from '../print.ts'

type Searched = Pick<LogRecord, 'message' | 'traceback'>

/** Returns a filter, which lets everything through if the option was not given. Rejects with a `UsageMistake`. */
export async function grepFilter(pattern: string | undefined): Promise<(record: Searched) => boolean> {
  if (pattern === undefined) return () => true
  // Commands without the option do not pay for loading it.
  const { linearPattern, PatternRefused } = await import('../../patterns/linear-pattern.ts')
  try {
    const compiled = linearPattern(pattern)
    return ({ message, traceback }) => compiled.test(message) || (traceback !== undefined && compiled.test(traceback))
  } catch (thrown) {
    if (!(thrown instanceof PatternRefused)) throw thrown
    throw new UsageMistake(`Invalid --grep pattern "${pattern}": ${thrown.message}.`)
  }
}
