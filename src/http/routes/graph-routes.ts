/** `/api/v1/graphs`: computation graphs, their topology and their last runs. */

import { graphListRecord, graphRecord } from '../../runner/records/graph-records.ts'
import { type Operation, readOperation } from '../operations.ts'
import { GRAPH, GRAPH_LIST } from '../schemas/graph-schemas.ts'
import { shortText, textLength } from '../short-texts.ts'

const tag = 'graphs'

export const GRAPH_OPERATIONS: readonly Operation[] = [
  readOperation({
    path: '/graphs',
    tag,
    summary: 'List computation graphs of reactors and tasks, sorted by name',
    answer: GRAPH_LIST,
    handle: async ({ runner }) => ({
      items: (await runner.graphs.list()).map((row) => graphAnswer(graphListRecord(row))),
      nextCursor: null,
    }),
  }),
  readOperation({
    path: '/graphs/{name}',
    tag,
    summary: 'Get a graph with its nodes, the results of its last run, and its last error',
    answer: GRAPH,
    handle: async ({ runner, param }) => graphAnswer(graphRecord(await runner.graphs.get(param('name')))),
  }),
]

function graphAnswer({ lastRun, ...record }: ReturnType<typeof graphRecord>) {
  if (lastRun === null) return { ...record, lastRun }
  const { resultText, ...run } = lastRun
  return { ...record, lastRun: { ...run, resultText: shortText(resultText), resultLength: textLength(resultText) } }
}
