import type { Mutant } from './mutant.ts'

export const mutant: Mutant = {
  file: 'src/engine/executions/ready.ts',
  find: `if (meetsRule(rule, view, codec)) return { kind: 'run' }`,
  replace: `if (meetsRule(rule, view, codec) || rule !== null) return { kind: 'run' }`,
  breaks: 'A task runs only if its rule is met.',
}
