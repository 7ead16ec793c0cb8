import type { Mutant } from './mutant.ts'

export const mutant: Mutant = {
  file: 'src/store/sqlite/instance-steps.ts',
  find: `  connection.run(RELEASE_EXECUTIONS, seq)
  connection.run(RELEASE_LEASES, seq)`,
  replace: '  connection.run(RELEASE_LEASES, seq)',
  breaks: 'Nothing is left over: an engine that stopped owns executions.',
}
