/**
 * Connection of a request to our server, to cut off a reader that has stopped reading. Unsent data is dropped.
 * A handler in another server has no connection: its stream ends.
 */

const cuts = new WeakMap<Request, () => void>()

export function rememberConnection(request: Request, cut: () => void): void {
  cuts.set(request, cut)
}

/** Returns false if there is no connection. */
export function cutConnection(request: Request): boolean {
  const cut = cuts.get(request)
  cut?.()
  return cut !== undefined
}
