/** Preloaded module of a simulation process that `run.ts` starts. Changes the source text of one module on loading. */

import { registerHooks } from 'node:module'
import { pathToFileURL } from 'node:url'
import type { Mutant } from './mutant.ts'

const { file, find, replace } = JSON.parse(process.env.CLOACA_SIMULATION_MUTANT ?? '{}') as Mutant
const root = new URL('../../../', import.meta.url)
const mutated = new URL(file, pathToFileURL(`${root.pathname}/`)).href

registerHooks({
  load(url, context, nextLoad) {
    const loaded = nextLoad(url, context)
    if (url !== mutated || loaded.source === undefined || loaded.source === null) return loaded
    const source =
      typeof loaded.source === 'string' ? loaded.source : new TextDecoder().decode(loaded.source as Uint8Array)
    if (source.split(find).length !== 2) throw new Error(`The mutant of ${file} does not apply any more.`)
    return { ...loaded, source: source.replace(find, () => replace) }
  },
})
