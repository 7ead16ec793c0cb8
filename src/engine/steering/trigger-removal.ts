/** The removal of a trigger that no process declares any more, polled or with a cron expression. */

import { UsageError } from '../../errors.ts'
import type { Clock, Store } from '../ports.ts'

/**
 * With its history, in small steps; its executions stay. False when there is none of that name. Rejects with `ACTION_REFUSED`
 * while a process that serves declares it.
 */
export async function removeTrigger(store: Store, clock: Clock, name: string): Promise<boolean> {
  for (;;) {
    const removal = await store.removeTrigger(name, clock.now())
    if (removal === 'declared') throw declared(name)
    if (removal !== 'more') return removal === 'removed'
  }
}

function declared(name: string): UsageError {
  const message =
    `Cannot remove trigger "${name}": a served script declares the trigger and would create it again. Remove the trigger from the script first, or ` +
    `disable it: cloaca trigger disable ${name}`
  return new UsageError('ACTION_REFUSED', message, { trigger: name })
}
