/**
 * Ledger of attempts with limits, which the attempts themselves write (`limited.py`, `limited.ts`). Checks that no
 * limit was exceeded. An attempt runs from its first to its last note. It does not run while its process is suspended,
 * and may run for a second afterwards.
 */

import { existsSync, readFileSync } from 'node:fs'

export interface Note {
  /** Identifies the attempt. */
  readonly attempt: string
  /** Identifies the execution. */
  readonly of: string
  /** Slots that the attempt uses, as `NAME:VALUE`. */
  readonly keys: readonly string[]
  readonly pid: number
  readonly edge: 'begin' | 'runs' | 'closes' | 'end'
  /** Time on the monotonic clock of the machine, in milliseconds. */
  readonly at: number
}

/** Suspension of processes, on the same clock. */
export interface Suspension {
  readonly pids: ReadonlySet<number>
  readonly from: number
  readonly to: number
}

export interface Segment {
  readonly from: number
  readonly to: number
  readonly notes: readonly Note[]
}

/** Time for which an attempt may run after its process continues. */
const GRACE_MS = 1_000

export function readLedger(path: string): readonly Note[] {
  if (!existsSync(path)) return []
  const lines = readFileSync(path, 'utf8').split('\n').slice(0, -1)
  return lines.map((line) => JSON.parse(line) as Note)
}

/** Returns the times in which each attempt with a key ran. */
export function segmentsOf(
  notes: readonly Note[],
  key: string,
  suspensions: readonly Suspension[],
): readonly Segment[] {
  const attempts = grouped(notes, key, suspensions, ({ attempt }) => attempt)
  return attempts.flatMap((attempt) => runsOf(attempt, suspensions))
}

/** Returns the time from the first to the last note of each execution, which has its slot until its end. */
export function executionsOf(
  notes: readonly Note[],
  key: string,
  suspensions: readonly Suspension[],
): readonly Segment[] {
  return grouped(notes, key, suspensions, ({ of }) => of).map(segmentOf)
}

/** Returns the notes of each group in ascending order, without those of the second after a suspension. */
function grouped(
  notes: readonly Note[],
  key: string,
  suspensions: readonly Suspension[],
  groupOf: (note: Note) => string,
): readonly (readonly Note[])[] {
  const isExcused = ({ pid, at }: Note) =>
    suspensions.some(({ pids, from, to }) => pids.has(pid) && at > from && at < to + GRACE_MS)
  const counted = notes.filter((note) => note.keys.includes(key) && !isExcused(note))
  return [...Map.groupBy(counted, groupOf).values()].map((group) => group.toSorted((one, other) => one.at - other.at))
}

/** Divides the notes of an attempt at the suspensions of its process. */
function runsOf(notes: readonly Note[], suspensions: readonly Suspension[]): readonly Segment[] {
  const runs: Note[][] = []
  for (const note of notes) {
    const last = runs.at(-1)?.at(-1)
    const isDivided =
      last === undefined ||
      suspensions.some(({ pids, from, to }) => pids.has(note.pid) && last.at <= from && note.at >= to)
    if (isDivided) runs.push([note])
    else runs.at(-1)?.push(note)
  }
  return runs.map(segmentOf)
}

const segmentOf = (notes: readonly Note[]): Segment => ({
  from: notes[0]?.at ?? Number.NaN,
  to: notes.at(-1)?.at ?? Number.NaN,
  notes,
})

export interface Overlap {
  readonly most: number
  /** Segments that ran at the time of the maximum. */
  readonly segments: readonly Segment[]
}

/** Returns the maximum number of segments that ran at the same time. One may begin in the moment that another ends. */
export function mostAtOnce(segments: readonly Segment[]): Overlap {
  let worst: readonly Segment[] = []
  let running: Segment[] = []
  for (const segment of segments.toSorted((one, other) => one.from - other.from)) {
    running = [...running.filter(({ to }) => to > segment.from), segment]
    if (running.length > worst.length) worst = running
  }
  return { most: worst.length, segments: worst }
}

/** Returns the maximum number of times within a sliding window. */
export function mostInWindow(times: readonly number[], windowMs: number): number {
  const sorted = times.toSorted((one, other) => one - other)
  let first = 0
  let most = 0
  for (const [index, at] of sorted.entries()) {
    while ((sorted[first] ?? at) <= at - windowMs) first += 1
    most = Math.max(most, index - first + 1)
  }
  return most
}

export function keysOf(notes: readonly Note[], name: string): readonly string[] {
  return [...new Set(notes.flatMap(({ keys }) => keys))].filter((key) => key.startsWith(`${name}:`)).sort()
}

/** Describes segments for the message of a failed check. */
export function describeSegments(segments: readonly Segment[]): string {
  return segments
    .map(({ from, to, notes: [first] }) => `${first?.of} in process ${first?.pid} from ${from} to ${to}`)
    .join('\n')
}
