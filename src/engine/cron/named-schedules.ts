/** Finds schedules for the services of schedules and backfills. */

import { UsageError } from '../../errors.ts'
import { textArgument } from '../../model/arguments.ts'
import type { CronRow } from '../../model/schedule-rows.ts'
import { didYouMean, MAX_COMPARED_NAMES } from '../../registry/nearest.ts'
import type { EnginePorts } from '../engine-options.ts'
import type { Store } from '../store.ts'

const MAX_IDS_IN_MESSAGE = 10

/** Returns the store. Throws `CRON_DISABLED` if cron schedules are disabled. */
export function storeOfCrons({ config, store }: Pick<EnginePorts, 'config' | 'store'>): Store {
  if (config.cronEnabled) return store
  throw new UsageError(
    'CRON_DISABLED',
    'Cron scheduling not enabled. To use schedules, set cronEnabled, or in Python enable_cron_scheduling, to true.',
  )
}

/** Throws `SCHEDULE_NOT_FOUND`, also if the name is ambiguous. */
export async function scheduleNamed(store: Store, name: string): Promise<CronRow> {
  textArgument(name, 'name')
  const [row, ...others] = await store.findCrons(name, MAX_IDS_IN_MESSAGE)
  if (row === undefined) throw await unknownName(store, name)
  if (others.length === 0) return row
  const ids = [row, ...others].map(({ id }) => id).join(', ')
  const message = `"${name}" matches several schedules: ${ids}. Use one of these ids.`
  throw new UsageError('SCHEDULE_NOT_FOUND', message, { scheduleId: name })
}

async function unknownName(store: Store, name: string): Promise<UsageError> {
  const rows = await store.listCrons({ limit: MAX_COMPARED_NAMES, offset: 0, enabledOnly: false })
  const names = rows.flatMap(({ triggerName, instanceName }) => triggerName ?? instanceName ?? [])
  const message = `Schedule "${name}" not found in this database.${didYouMean(name, names)}`
  return new UsageError('SCHEDULE_NOT_FOUND', message, { scheduleId: name })
}
