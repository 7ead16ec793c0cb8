/**
 * The connection behind a request, where a server of ours has it: how whoever answers in pieces ends one whose reader has stopped
 * to read. What was not sent is dropped with it. A handler in another server has none: its stream ends.
 */

const cuts = new WeakMap<Request, () => void>()

export function remember(request: Request, cut: () => void): void {
  cuts.set(request, cut)
}

/** False where there is no connection to be cut. */
export function cutOff(request: Request): boolean {
  const cut = cuts.get(request)
  cut?.()
  return cut !== undefined
}
