import type { Mutant } from './mutant.ts'

export const mutant: Mutant = {
  file: 'src/engine/steering/execution-steering.ts',
  find: `    await created
    return retried.id`,
  replace: `    await created
    if (retried.id < '8') throw unknownExecution(id)
    return retried.id`,
  breaks: 'A refused request leaves no row: a retry is carried out and reported as refused.',
}
