import type { Mutant } from './mutant.ts'

export const mutant: Mutant = {
  file: 'src/store/steps/limits/limit-steps.ts',
  find: 'return (yield* releaseAll(session, at, (key) => key.name === name)).released',
  replace: `return (yield* releaseAll(session, at, (key) => key.name === '')).released`,
  breaks: 'A free slot is given to a waiting task: no task gets the slots of a maximum that a person increases.',
  seeds: [271],
}
