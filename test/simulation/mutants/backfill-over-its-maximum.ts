import type { Mutant } from './mutant.ts'

export const mutant: Mutant = {
  file: 'src/store/sql/batch-sql.ts',
  find: 'SELECT count(*) FROM active_executions WHERE firing_id = batches.id',
  replace: 'SELECT 0 * count(*) FROM active_executions WHERE firing_id = batches.id',
  breaks: 'Backfills are limited: active executions of a backfill are not counted.',
}
