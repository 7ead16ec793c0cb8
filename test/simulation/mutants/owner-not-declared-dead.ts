import type { Mutant } from './mutant.ts'

export const mutant: Mutant = {
  file: 'src/store/steps/executions/steering.ts',
  find: `  session.run(DECLARE_DEAD, ownerSeq)
`,
  replace: '',
  breaks: 'Gauges are zero at rest: an engine keeps an execution that a cancel took from it.',
}
