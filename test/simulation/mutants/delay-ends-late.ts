import type { Mutant } from './mutant.ts'

export const mutant: Mutant = {
  file: 'src/engine/waits/wait-loop.ts',
  find: 'if (deadlineAt < this.#nextAt) void',
  replace: 'if (deadlineAt < 0) void',
  breaks: 'A delay ends in time: the engine does not set its timer to a new deadline.',
}
