/** Computation graphs. */

import * as v from 'valibot'
import {
  COUNT,
  FAULT,
  INSTANT,
  INSTANT_OR_NULL,
  LENGTH_OR_NULL,
  listOf,
  PLACE,
  SHORT_TEXT,
  TEXT_OR_NULL,
} from './parts.ts'

export const GRAPH = v.strictObject({
  name: v.string(),
  reactor: v.pipe(TEXT_OR_NULL, v.description('null: tasks invoke it')),
  nodes: v.array(
    v.strictObject({
      id: v.string(),
      inputs: v.pipe(v.array(v.string()), v.description('sources whose values it takes')),
      next: TEXT_OR_NULL,
      routes: v.pipe(
        v.nullable(v.array(v.strictObject({ variant: v.string(), node: v.string() }))),
        v.description('where its value goes by variant; null: it is not a routing node'),
      ),
    }),
  ),
  description: v.string(),
  script: v.string(),
  place: PLACE,
  doneSequence: v.pipe(COUNT, v.description('up to this firing of its reactor it was run')),
  runs: COUNT,
  failures: COUNT,
  lastRun: v.nullable(
    v.strictObject({
      at: INSTANT,
      firingSequence: COUNT,
      resultText: SHORT_TEXT,
      resultLength: LENGTH_OR_NULL,
      nodesText: v.pipe(v.string(), v.description('a JSON object: what each node returned, cut short')),
    }),
  ),
  lastError: FAULT,
  lastErrorAt: INSTANT_OR_NULL,
  undeclaredAt: INSTANT_OR_NULL,
  createdAt: INSTANT,
})

export const GRAPH_LIST = listOf(GRAPH)
