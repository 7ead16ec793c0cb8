/** Division of long reads. */

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
