import type { Mutant } from './mutant.ts'

export const mutant: Mutant = {
  file: 'src/engine/services/executions/execution-service.ts',
  find: `    if (result.kind === 'otherRetry') {`,
  replace: `    if (result.kind === 'otherRetry' || retried.id < '8') {`,
  breaks: 'A refused request leaves no row: a retry is carried out and reported as refused.',
}
