/** Starts the longest test files first, so that no core is idle at the end while one of them runs. */

import { BaseSequencer, type TestSpecification } from 'vitest/node'

/** The longest files below `test`, whose times a run of vitest prints. */
export const LONGEST: readonly string[] = [
  ...['host/snapshot', 'page/overview', 'page/frame', 'manual-samples', 'page/run-grid', 'runner/generations'],
  ...[
    'page/execution',
    'page/operators',
    'page/reactors',
    'cli/output',
    'cli/serve',
    'host/killed',
    'store/store-contract',
  ],
  ...['page/trigger', 'page/trigger-state', 'page/connection', 'page/failures', 'page/limits', 'page/schedule'],
  ...['cli/trigger-steering', 'host/ceilings', 'restricted/granted', 'restricted/node', 'cli/watch', 'cli/steering'],
  ...['cli/secrets', 'tools/test-command', 'host/loaded-again', 'types/compilers', 'types/packed', 'cli/passwords'],
]

export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const places = new Map(LONGEST.map((path, place) => [`/test/${path}.test.ts`, place]))
    const placeOf = ({ moduleId }: TestSpecification): number => {
      const path = moduleId.slice(moduleId.lastIndexOf('/test/'))
      return places.get(path) ?? LONGEST.length
    }
    return files.toSorted((one, other) => placeOf(one) - placeOf(other))
  }
}
