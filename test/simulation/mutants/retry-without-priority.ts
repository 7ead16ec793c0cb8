import type { Mutant } from './mutant.ts'

export const mutant: Mutant = {
  file: 'src/engine/executions/retried.ts',
  find: 'inputText, priority, ...slot',
  replace: 'inputText, ...slot',
  breaks: 'A retry has the priority of its origin.',
  seeds: [66],
}
