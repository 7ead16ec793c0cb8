import type { Mutant } from './mutant.ts'

export const mutant: Mutant = {
  file: 'src/engine/waits/node-waits.ts',
  find: '  if (node === null || task.definition === null',
  replace: '  if (node !== null || task.definition === null',
  breaks: 'A task does not run after a node that did not complete.',
}
