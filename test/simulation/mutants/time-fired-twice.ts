import type { Mutant } from './mutant.ts'

export const mutant: Mutant = {
  file: 'src/store/steps/cron-steps.ts',
  find: '  if ((yield* session.run(sql.INSERT_SCHEDULE_TIME, dueAt, at, scheduleId)) === 0) {\n',
  replace: '  if (dueAt < 0) {\n',
  breaks: 'A time starts once: a backfill starts times that the schedule has fired.',
}
