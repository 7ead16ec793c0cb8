/** Events after which the marks of executions may be different. */

import type { ServerEvent } from '../live/event-reader.ts'

const NAMES: ReadonlySet<string> = new Set(['executionStarted', 'executionFinished', 'executionWaiting'])

export function concernsRuns({ name }: ServerEvent): boolean {
  return NAMES.has(name)
}
