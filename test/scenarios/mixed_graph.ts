/** Graphs of TypeScript tasks and of the Python tasks of `mixed_graph.py`. */

import { existsSync, writeFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { failed, workflow } from 'cloaca'

const python = (task: string) => ({ script: 'mixed_graph.py', task })

export const round = workflow('round')
  .task('before', { python: python('keep') })
  .task('typescript', { after: 'before' }, () => ({ seen_by_typescript: true }))
  .task('after', { after: 'typescript', python: python('keep') })

export const exact = workflow('exact')
  .task('make', { python: python('exact') })
  .task('touch', { after: 'make' }, () => ({ other: 1 }))
  .task('look', { after: 'touch', python: python('types') })

export const handled = workflow('handled')
  .task('score', { python: python('fails'), retries: 0 })
  .task('instead', { after: 'score', when: failed('score') }, () => ({ instead: true }))

export const together = workflow('together')
  .task('python', { python: python('meets') })
  .task('typescript', async ({ folder }) => {
    writeFileSync(`${folder}/typescript`, '')
    while (!existsSync(`${folder}/python`)) await sleep(10)
    return { typescript_met: true }
  })

export const endless = workflow('endless').task(
  'wait',
  (_context, { signal }) =>
    new Promise<never>((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason))),
)

export const misspelt = workflow('misspelt').task('score', { python: python('exat'), retries: 0 })
