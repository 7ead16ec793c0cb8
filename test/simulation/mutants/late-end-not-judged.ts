import type { Mutant } from './mutant.ts'

export const mutant: Mutant = {
  file: 'src/engine/incidents/deadline-judge.ts',
  find: `    return this.#reports.missed(deadline, endedAt)
`,
  replace: `    this.#passed(deadline)
    return null
`,
  breaks: 'The step that stores the end of an execution judges the deadline that the execution missed.',
}
