import type { Mutant } from './mutant.ts'

export const mutant: Mutant = {
  file: 'src/engine/cron/cron-scheduler.ts',
  find: 'followingRunAt(row, Math.max(now, firedUntil))',
  replace: 'followingRunAt(row, Math.min(now, firedUntil))',
  breaks: 'A cron time starts once: a clock that was set back fires it again.',
}
