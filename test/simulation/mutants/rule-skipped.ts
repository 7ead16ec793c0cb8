import type { Mutant } from './mutant.ts'

export const mutant: Mutant = {
  file: 'src/engine/executions/ready.ts',
  find: `meetsRule(definition.rule, view, codec) ? { kind: 'run' } : { kind: 'skip' }`,
  replace: `meetsRule(definition.rule, view, codec) ? { kind: 'run' } : { kind: 'run' }`,
  breaks: 'A task runs only if its rule is met.',
}
