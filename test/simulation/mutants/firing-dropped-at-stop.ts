import { STOP_ON_FULL_DISK } from '../programs/stop-on-full-disk.ts'
import type { Mutant } from './mutant.ts'

export const mutant: Mutant = {
  file: 'src/engine/backoff/retried-writes.ts',
  find: "while (this.#unstored.size > 0 && this.#state === 'draining') await",
  replace: 'void',
  breaks: 'Firings are stored: an engine that stops on a full disk drops a firing although the disk is freed.',
  program: STOP_ON_FULL_DISK,
}
