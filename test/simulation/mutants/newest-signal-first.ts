import type { Mutant } from './mutant.ts'

export const mutant: Mutant = {
  file: 'src/store/sql/executions/signal-sql.ts',
  find: 'ORDER BY seq LIMIT 1`',
  replace: 'ORDER BY seq DESC LIMIT 1`',
  breaks: 'A wait that opens uses the oldest kept signal.',
}
