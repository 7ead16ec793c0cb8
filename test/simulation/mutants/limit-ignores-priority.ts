import type { Mutant } from './mutant.ts'

export const mutant: Mutant = {
  file: 'src/store/sql/executions/limit-sql.ts',
  find: 'ORDER BY w.line_rank, w.line_at, w.execution_seq LIMIT',
  replace: 'ORDER BY w.line_at, w.execution_seq LIMIT',
  breaks: 'A task of higher priority gets the next slot: the oldest one gets it.',
  seeds: [1005],
}
