/** Division of periods into bars, and of long reads into steps. */

interface Period {
  readonly sinceAt: number
  readonly untilAt: number
  readonly bars: number
}

type Bar = readonly [bar: number, at: number, endAt: number]

export function barEdges({ sinceAt, untilAt, bars }: Period, from = 0, to = bars): readonly Bar[] {
  const edge = (bar: number) => Math.floor(sinceAt + ((untilAt - sinceAt) * bar) / bars)
  return Array.from({ length: to - from }, (_, index) => [from + index, edge(from + index), edge(from + index + 1)])
}

/** Estimates the number in a bar from the number until a time. */
export function estimateInBar(count: number, at: number, endAt: number, lastAt: number): number {
  return Math.round((count * (endAt - at)) / (lastAt - at + 1))
}

/** Reads a list in several steps, because SQLite blocks the event loop during a step. */
export async function readInSteps<Result>(
  count: number,
  perStep: number,
  read: (from: number, to: number) => Promise<readonly Result[]>,
): Promise<readonly Result[]> {
  const results: Result[] = []
  for (let from = 0; from < count; from += perStep) results.push(...(await read(from, Math.min(count, from + perStep))))
  return results
}
