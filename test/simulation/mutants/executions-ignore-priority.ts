import type { Mutant } from './mutant.ts'

export const mutant: Mutant = {
  file: 'src/store/sql/executions/limit-sql.ts',
  find: 'WHERE waits_for = $1 ORDER BY rank, created_at, execution_seq LIMIT',
  replace: 'WHERE waits_for = $1 ORDER BY created_at, execution_seq LIMIT',
  breaks: 'A waiting execution of higher priority begins first: the oldest one begins.',
  seeds: [11],
}
