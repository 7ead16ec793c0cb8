import type { Mutant } from './mutant.ts'

export const mutant: Mutant = {
  file: 'src/store/sql/executions/limit-sql.ts',
  find: 'AND w.offered_at > $4) AS offered',
  replace: 'AND w.offered_at > 0 * $4) AS offered',
  breaks: 'A free slot is given to a waiting task: it stays offered to a task that does not begin.',
  seeds: [1003],
}
