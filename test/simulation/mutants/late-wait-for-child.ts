import type { Mutant } from './mutant.ts'

export const mutant: Mutant = {
  file: 'src/store/steps/executions/child-waits.ts',
  find: 'if (late.length > 0) yield*',
  replace: 'if (late.length < 0) yield*',
  breaks: 'The end of a child ends the waits of its parents: a parent begins to wait after the end of its child.',
}
