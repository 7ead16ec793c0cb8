/** Division of periods into bars, and of long reads into steps. */

/** A period that is divided into bars. */
interface Period {
  readonly sinceAt: number
  readonly untilAt: number
  readonly bars: number
}

/** Number of a bar, and the times at which it begins and ends. */
type Bar = readonly [bar: number, at: number, endAt: number]

/** Returns the bars from one number to before another, or all of them. */
export function barsIn({ sinceAt, untilAt, bars }: Period, from = 0, to = bars): readonly Bar[] {
  const edge = (bar: number) => Math.floor(sinceAt + ((untilAt - sinceAt) * bar) / bars)
  return Array.from({ length: to - from }, (_, index) => [from + index, edge(from + index), edge(from + index + 1)])
}

/** Estimates the number in a bar from the number until a time. */
export function scaledToBar(count: number, at: number, endAt: number, lastAt: number): number {
  return Math.round((count * (endAt - at)) / (lastAt - at + 1))
}

/**
 * Reads a list in several steps, one after the other. SQLite blocks the event loop during a step, and other work gets
 * its turn between two of them.
 */
export async function inSteps<Result>(
  count: number,
  perStep: number,
  read: (from: number, to: number) => Promise<readonly Result[]>,
): Promise<readonly Result[]> {
  const results: Result[] = []
  for (let from = 0; from < count; from += perStep) results.push(...(await read(from, Math.min(count, from + perStep))))
  return results
}
