/** Converts the declared wait of a node to words, for one line of the command line or the page. */

import { formatDuration } from '../../model/time/duration.ts'
import type { OnTimeout, WaitDefinition } from '../../model/workflow.ts'

const EFFECTS: Readonly<Record<OnTimeout, string>> = { fail: 'fails', skip: 'is skipped', continue: 'continues' }

/** Returns `24h`, `03:30 Europe/Berlin`, `signal refund-decision/{order_id}, fails after 72h` or `approval`. */
export function declaredWaitText(wait: WaitDefinition): string {
  if (wait.kind === 'delay') {
    const { end } = wait
    return end.kind === 'after' ? formatDuration(end.ms) : `${end.time.time} ${end.time.timezone}`
  }
  const { timeoutMs, onTimeout } = wait
  const limit = timeoutMs === null ? '' : `, ${EFFECTS[onTimeout]} after ${formatDuration(timeoutMs)}`
  if (wait.kind === 'approval') return `approval${limit}`
  return `signal ${wait.signal}${wait.key === '' ? '' : `/${wait.key}`}${limit}`
}
