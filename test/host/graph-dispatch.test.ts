/** Calls of sources and graphs in Python: results keep the order of the events, also if one call hangs or raises. */

import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Accumulated, AccumulateMode, GraphResult } from '../../src/engine/graphs/graph-host.ts'
import type { LogPiece } from '../../src/model/logs/log-record.ts'
import { OpenHost } from '../support/open-host.ts'

const SCRIPT = fileURLToPath(new URL('./graph_dispatch.py', import.meta.url))
/** Deadline that no test reaches. */
const NO_DEADLINE_MS = 600_000
const DEADLINE_MS = 150

describe('functions of sources and graphs', () => {
  let python: OpenHost
  beforeAll(async () => {
    python = await OpenHost.open([SCRIPT])
  })
  afterAll(() => python?.[Symbol.asyncDispose]())

  interface Asked {
    readonly mode?: AccumulateMode
    readonly deadlineMs?: number
    readonly log?: (piece: LogPiece) => void
  }
  /** Calls the source once. The result may contain only the first events. */
  async function enter(source: string, events: readonly string[], asked: Asked = {}): Promise<readonly Accumulated[]> {
    const { mode = 'each', deadlineMs = NO_DEADLINE_MS, log } = asked
    const request = {
      script: SCRIPT,
      source,
      mode,
      events,
      firstSequence: 1,
      deadlineMs,
      ...(log === undefined ? {} : { log }),
    }
    const answer = await python.host.calls.accumulate(request)
    if (answer.kind !== 'answered') throw new Error(JSON.stringify(answer))
    return answer.results
  }
  /** Calls the source for the remaining events, as the engine does, until all have results or one timed out. */
  async function accumulate(source: string, events: readonly string[], asked?: Asked): Promise<readonly Accumulated[]> {
    const results = [...(await enter(source, events, asked))]
    while (results.length < events.length && results.at(-1)?.kind !== 'timedOut') {
      results.push(...(await enter(source, events.slice(results.length), asked)))
    }
    return results
  }
  /** Returns the text of each value, and the kind of each other result. */
  async function values(source: string, events: readonly string[], asked?: Asked): Promise<readonly string[]> {
    return textsOf(await accumulate(source, events, asked))
  }
  async function run(payloads: readonly string[], deadlineMs = NO_DEADLINE_MS) {
    const results: GraphResult[] = []
    let nodesText = ''
    while (results.length < payloads.length && results.at(-1)?.kind !== 'timedOut') {
      const rest = payloads.slice(results.length)
      const answer = await python.host.calls.runGraph({ script: SCRIPT, graph: 'alarm', payloads: rest, deadlineMs })
      if (answer.kind !== 'answered') throw new Error(JSON.stringify(answer))
      results.push(...answer.results)
      nodesText = answer.nodesText
    }
    return { results, nodesText }
  }
  /** Repeats the call with longer deadlines until only the hanging event is overdue, also on a busy machine. */
  async function overdue<Result extends { readonly length: number }>(
    ask: (deadlineMs: number) => Promise<Result>,
    count: number,
  ): Promise<Result> {
    for (let deadlineMs = DEADLINE_MS; ; deadlineMs *= 2) {
      const results = await ask(deadlineMs)
      if (results.length === count || deadlineMs > 10_000) return results
    }
  }

  it('receive and return each kind of number, and each character, unchanged', async () => {
    const events = ['1', '1.0', '18446744073709551615', '"é😀"', '{"a":[1.0,null,true]}', '"\\u0000"']

    expect(await values('echo', events)).toEqual(events)
  })

  it('are called for each event in order, also after an event that raises or is dropped', async () => {
    const results = await accumulate('positive', ['1', '0', '-2', '3'])

    expect(results).toEqual([
      { kind: 'value', valueText: '1' },
      { kind: 'dropped' },
      {
        kind: 'failed',
        error: {
          type: 'ValueError',
          message: "source 'positive' raised exception: ValueError: -2 is negative",
          traceback: expect.stringMatching(
            /^Traceback[^\n]+\n {2}File "[^"]+graph_dispatch\.py", line \d+, in positive/,
          ),
        },
      },
      { kind: 'value', valueText: '3' },
    ])
  })

  it('receive a batch as one list, and a poll without arguments', async () => {
    expect(textsOf(await enter('count', ['1', '2', '3'], { mode: 'batch' }))).toEqual(['3'])
    expect(textsOf(await enter('ask', [], { mode: 'poll' }))).toEqual(['{"x":1.0}'])
  })

  it('can be async, and share the event loop of their script', async () => {
    const results = await values('later', ['1', '2'])

    const [first, second] = results.map((text) => JSON.parse(text) as [number, number])
    expect([first?.[0], second?.[0]]).toEqual([1, 2])
    expect(first?.[1]).toBe(second?.[1])
  })

  it('return the first results early if each event takes long', async () => {
    expect(textsOf(await enter('slow', ['1', '2', '3']))).toEqual(['1'])
  })

  it.each([
    ['hangs', '"compute"'],
    ['hangs', '"wait"'],
    ['later', '"wait"'],
  ])('lose only the current event at a deadline (source %s, event %s)', async (source, hang) => {
    const results = await overdue((deadlineMs) => values(source, ['1', hang, '3'], { deadlineMs }), 2)

    expect(results).toEqual([expect.stringContaining('1'), 'timedOut'])
    expect(await values('echo', ['1'])).toEqual(['1'])
    expect(python.quarantines).toEqual([])
  })

  it('write their output and log records to the log of their call', async () => {
    const pieces: LogPiece[] = []

    await accumulate('says', ['7', '8'], { log: (piece) => pieces.push(piece) })

    const lines = pieces.flatMap(({ text }) => text.trim().split('\n')).map((line) => JSON.parse(line).message)
    expect(lines).toEqual(['event 7', 'record 7', 'event 8', 'record 8'])
  })

  it('return notServed if no script declares the source', async () => {
    const request = {
      script: SCRIPT,
      source: 'lost',
      mode: 'each',
      events: ['1'],
      firstSequence: 1,
      deadlineMs: NO_DEADLINE_MS,
    } as const

    expect(await python.host.calls.accumulate(request)).toEqual({ kind: 'notServed' })
  })

  it('receive and return events of 2 MB', async () => {
    const large = JSON.stringify({ text: 'é"'.repeat(500_000) })

    expect(await values('echo', [large, '1', large])).toEqual([large, '1', large])
  })

  it('run a graph with each payload, and return the node values of the last run', async () => {
    expect(await run(['{"price":99.0}', '{"price":1}', '{"price":null}', '{"price":11}'])).toEqual({
      results: [
        { kind: 'ended', resultText: '{"alarm":99.0}' },
        { kind: 'ended', resultText: null },
        {
          kind: 'failed',
          error: {
            type: 'TypeError',
            message: expect.stringMatching(/^graph 'alarm' failed: node 'judge' failed: TypeError: /),
            traceback: expect.stringContaining(', in judge'),
          },
        },
        { kind: 'ended', resultText: '{"alarm":11}' },
      ],
      nodesText: '{"judge":["high",11],"warn":{"alarm":11}}',
    })
  })

  it('lose only the current run of a graph at a deadline', async () => {
    const payloads = ['{"price":1}', '{"price":999}', '{"price":1}']
    const results = await overdue(async (deadlineMs) => (await run(payloads, deadlineMs)).results, 2)

    expect(results).toMatchObject([{ kind: 'ended' }, { kind: 'timedOut', error: { type: 'DeadlineExceeded' } }])
  })

  it('use the last loaded version of their script', async () => {
    const before = await values('loaded', ['0'])

    await python.host.load(SCRIPT, { kind: 'file', path: SCRIPT })

    expect(await values('loaded', ['0'])).not.toEqual(before)
    expect(await values('echo', ['1'])).toEqual(['1'])
  })
})

function textsOf(results: readonly Accumulated[]): readonly string[] {
  return results.map((each) => (each.kind === 'value' ? each.valueText : each.kind))
}
