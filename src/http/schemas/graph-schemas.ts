/** Computation graphs. */

import * as v from 'valibot'
import {
  COUNT,
  FAULT,
  INSTANT,
  INSTANT_OR_NULL,
  LENGTH_OR_NULL,
  listSchema,
  PLACE,
  SHORT_TEXT,
  TEXT_OR_NULL,
} from './shared-schemas.ts'

export const GRAPH = v.strictObject({
  name: v.string(),
  reactor: v.pipe(TEXT_OR_NULL, v.description('reactor whose firings run the graph; null if tasks invoke the graph')),
  nodes: v.array(
    v.strictObject({
      id: v.string(),
      inputs: v.pipe(v.array(v.string()), v.description('sources whose values the node receives')),
      next: TEXT_OR_NULL,
      routes: v.pipe(
        v.nullable(v.array(v.strictObject({ variant: v.string(), node: v.string() }))),
        v.description(
          'next node for each variant that the node can return; null if the result does not select the next node',
        ),
      ),
    }),
  ),
  description: v.string(),
  script: v.string(),
  place: PLACE,
  doneSequence: v.pipe(COUNT, v.description('sequence number of the last reactor firing for which the graph ran')),
  runs: COUNT,
  failures: COUNT,
  lastRun: v.nullable(
    v.strictObject({
      at: INSTANT,
      firingSequence: COUNT,
      resultText: SHORT_TEXT,
      resultLength: LENGTH_OR_NULL,
      nodesText: v.pipe(v.string(), v.description('JSON object with the result of each node, shortened')),
    }),
  ),
  lastError: FAULT,
  lastErrorAt: INSTANT_OR_NULL,
  undeclaredAt: INSTANT_OR_NULL,
  createdAt: INSTANT,
})

export const GRAPH_LIST = listSchema(GRAPH)
