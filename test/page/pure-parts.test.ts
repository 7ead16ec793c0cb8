/** Calculations of the page, without a browser: changes of a context, lines of a terminal, bars of a Gantt chart. */

import { describe, expect, it } from 'vitest'
import type { Task } from '../../src/page/api/answer-types.ts'
import { axisSteps, mergedBars, taskBars } from '../../src/page/execution/task-bars.ts'
import { layoutNow } from '../../src/page/graph/layout.ts'
import { indentedJson } from '../../src/page/json/indented-json.ts'
import { changesBetween, objectMembers } from '../../src/page/json/object-members.ts'
import { ansiPieces, withoutAnsi } from '../../src/page/log/ansi.ts'
import { lineAt, linesWith, recordLines } from '../../src/page/log/log-view-lines.ts'

const AT = '2026-01-31T08:00:00.000Z'
const at = (ms: number): string => new Date(Date.parse(AT) + ms).toISOString()

describe('a graph', () => {
  it('places the nodes of a layer from top to bottom in the order of their declaration', () => {
    const tasks = ['read', 'north', 'east', 'south', 'west', 'write']
    const middle = tasks.slice(1, -1)
    const edges = middle.flatMap((task) => [
      { from: 'read', to: task },
      { from: task, to: 'write' },
    ])

    const { nodes, edges: lines, height } = layoutNow({ nodes: tasks, edges })

    const [, north, east, south, west] = nodes.map(({ y }) => y)
    expect([north, east, south, west]).toEqual([12, 62, 112, 162])
    expect(height).toBe(210)
    expect(lines[0]?.at(-1)).toEqual({ x: nodes[1]?.x ?? 0, y: 12 + 18 })
  })
})

describe('an indented JSON text', () => {
  it('keeps the digits of numbers and the characters of strings', () => {
    const text = '{"a, {b}": [1.0, 12345678901234567890],"c":{ },"d" : [], "e":{"f":"\\\\\\"}"}}'

    expect(indentedJson(text)).toBe(
      [
        '{',
        '  "a, {b}": [',
        '    1.0,',
        '    12345678901234567890',
        '  ],',
        '  "c": { },',
        '  "d": [],',
        '  "e": {',
        '    "f": "\\\\\\"}"',
        '  }',
        '}',
      ].join('\n'),
    )
    expect(indentedJson(indentedJson(text))).toBe(indentedJson(text))
  })

  it('stays small for 60,000 nested brackets', () => {
    const text = '['.repeat(30_000) + ']'.repeat(30_000)

    expect(indentedJson(text).length).toBeLessThan(40 * text.length)
  })
})

describe('the changes of a task to its context', () => {
  it('distinguish numbers that are equal in JavaScript, and ignore white space and order', () => {
    const before = '{"one": 1, "big": 12345678901234567890, "same": [1,  {"a": "b, }"}], "gone": null}'
    const after = '{"same":[1,{"a":"b, }"}],"big":12345678901234567891,"one":1.0,"new":"\\u00fc"}'

    expect(changesBetween(before, after)).toEqual([
      { key: 'big', kind: 'changed', before: '12345678901234567890', after: '12345678901234567891' },
      { key: 'one', kind: 'changed', before: '1', after: '1.0' },
      { key: 'new', kind: 'added', before: null, after: '"\\u00fc"' },
      { key: 'gone', kind: 'removed', before: 'null', after: null },
      { key: 'same', kind: 'same', before: '[1,{"a":"b, }"}]', after: '[1,{"a":"b, }"}]' },
    ])
  })

  it('are unknown if a text is not a JSON object', () => {
    for (const text of ['', '[]', '{', '{"a"', '{"a": "}', '{"a" 1}']) expect(objectMembers(text), text).toBeNull()
    expect(objectMembers('{ }')?.size).toBe(0)
    expect([...(objectMembers(`{"a\\"b": ${JSON.stringify('x'.repeat(200_000))}}`) ?? [])][0]?.[0]).toBe('a"b')
  })
})

describe('lines of a terminal', () => {
  it('keep their colours, and lose codes that move the cursor or set the title', () => {
    expect(ansiPieces('a\x1b[1;31mred\x1b[0m\x1b[2J\x1b]0;title\x07 b')).toEqual([
      { text: 'a', style: '' },
      { text: 'red', style: 'ansi-bold ansi-31' },
      { text: ' b', style: '' },
    ])
    expect(ansiPieces('\x1b[38;5;196mx\x1b[92my')).toEqual([
      { text: 'x', style: '' },
      { text: 'y', style: 'ansi-32' },
    ])
    expect(withoutAnsi('a\x08\x00b\u202ec\x1b')).toBe('a␈␀b�c')
  })
})

describe('lines of a log', () => {
  const record = (given: object) =>
    ({ task: 't', attempt: 1, at: AT, stream: 'stdout', message: '', ...given }) as never

  it('are split from records with several lines, and are found by level, words and time', () => {
    const failed = record({ stream: 'log', level: 'ERROR', message: 'no\nwhy', traceback: 'Traceback\nValueError' })
    const lines = [...recordLines(record({ message: 'one' }), 0, 100), ...recordLines(failed, 1, 200)]

    expect(lines.map(({ text }) => text)).toEqual(['one', 'no', 'why', 'Traceback', 'ValueError'])
    expect(linesWith(lines, '')).toBe(lines)
    expect(linesWith(lines, 'VALUE')).toHaveLength(1)
    expect([lineAt(lines, 0), lineAt(lines, 150), lineAt(lines, 999)]).toEqual([0, 1, 4])
  })
})

describe('the bars of a Gantt chart', () => {
  const attempt = (number: number, from: number, to: number, outcome: 'failed' | 'completed' = 'failed') => {
    return { attempt: number, outcome, queuedAt: at(from - 1), startedAt: at(from), endedAt: at(to), error: null }
  }
  const task = (given: Partial<Task>): Task => {
    const times = { startedAt: at(0), endedAt: null, notBeforeAt: null }
    return {
      id: 't',
      status: 'Failed',
      attempts: 1,
      ...times,
      error: null,
      traceback: '',
      waitingFor: null,
      outputBytes: null,
      history: [],
      ...given,
    }
  }

  it('show the queue time and run time of each attempt, and the pause before the next attempt', () => {
    const running = task({ status: 'Running', attempts: 2, startedAt: at(0), history: [attempt(1, 10, 20)] })
    const waiting = task({ status: 'Ready', notBeforeAt: at(90), history: [attempt(1, 10, 20)] })
    const shown = (one: Task) =>
      taskBars(one, Date.parse(at(50))).map(({ kind, tone, fromAt, toAt }) => [
        kind,
        tone,
        fromAt - Date.parse(AT),
        toAt - Date.parse(AT),
      ])

    expect(shown(running)).toEqual([
      ['queue', 'quiet', 9, 10],
      ['work', 'bad', 10, 20],
      ['work', 'busy', 20, 50],
    ])
    expect(shown(waiting).at(-1)).toEqual(['pause', 'quiet', 20, 90])
  })

  it('are at most one per pixel for 10,000 attempts, in the colour of the worst outcome', () => {
    const history = Array.from({ length: 10_000 }, (_, index) => {
      return attempt(index + 1, index * 10, index * 10 + 5, index === 5_000 ? 'failed' : 'completed')
    })
    const bars = taskBars(task({ history: history.map((each) => ({ ...each, queuedAt: null })) }), 0)

    const merged = mergedBars(bars, 800 / 100_000)

    expect(merged.length).toBeLessThan(800)
    expect(merged.some(({ tone }) => tone === 'bad')).toBe(true)
    expect(merged.at(-1)?.toAt).toBe(bars.at(-1)?.toAt)
  })

  it('have an axis with round steps', () => {
    expect(axisSteps(988, 8)).toEqual([0, 200, 400, 600, 800])
    expect(axisSteps(3_600_000, 7)).toEqual([0, 600_000, 1_200_000, 1_800_000, 2_400_000, 3_000_000, 3_600_000])
    expect(axisSteps(1, 5).length).toBeLessThan(10)
  })
})
