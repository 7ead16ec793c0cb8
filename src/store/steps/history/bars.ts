/** Division of periods into bars, and of long reads into steps. */

/** A period that is divided into bars. */
interface Period {
  readonly sinceAt: number
  readonly untilAt: number
  readonly bars: number
}

/** Returns the times at which the bars begin, and the time at which the last bar ends. */
export function edgesOf({ sinceAt, untilAt, bars }: Period): readonly number[] {
  return Array.from({ length: bars + 1 }, (_, index) => Math.floor(sinceAt + ((untilAt - sinceAt) * index) / bars))
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
