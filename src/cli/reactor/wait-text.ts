/** What a reactor waits for, in a few words. */

import type { ReactorWait } from '../../runner/records/reactors.ts'
import { sinceText } from '../display.ts'

export function waitText({ sources, sinceAt }: ReactorWait): string {
  return `waiting for ${sources.join(', ')} ${sinceText(sinceAt)}`
}
