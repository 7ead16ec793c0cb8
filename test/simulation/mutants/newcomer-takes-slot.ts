import type { Mutant } from './mutant.ts'

export const mutant: Mutant = {
  file: 'src/store/steps/limits/key-states.ts',
  find: "return first === null || (own === 'kept' ? !isBefore(first, place) : isBefore(place, first))",
  replace: "return first === null || (own === 'kept' ? !isBefore(first, place) : place.rank <= first.rank)",
  breaks: 'The first task in the line gets the next slot: a new task overtakes older ones of its priority.',
  seeds: [1005],
}
