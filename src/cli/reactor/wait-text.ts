/** Conditions that a reactor waits for, as a short text. */

import type { ReactorWait } from '../../runner/records/reactor-records.ts'
import { instantText } from '../display.ts'

export function reactorWaitText({ sources, sinceAt }: ReactorWait): string {
  return `waiting for ${sources.join(', ')} since ${instantText(sinceAt)}`
}
