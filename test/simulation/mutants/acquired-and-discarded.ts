import type { Mutant } from './mutant.ts'

export const mutant: Mutant = {
  file: 'src/engine/executions/acquirer.ts',
  find: 'heartbeat.isStale() ? this.#beat() : null',
  replace: 'heartbeat.isStale() ? heartbeat.beat() : null',
  breaks: 'Every accepted execution ends: a refused heartbeat discards acquired executions.',
}
