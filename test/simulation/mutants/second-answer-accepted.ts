import type { Mutant } from './mutant.ts'

export const mutant: Mutant = {
  file: 'src/engine/services/waits/approval-service.ts',
  find: 'if (available === null) throw answeredError(await this.get(id))\n    this.#waits.ended(available)',
  replace: 'if (available !== null) this.#waits.ended(available)',
  breaks: 'An approval has one answer: two answers at the same time are both confirmed.',
}
