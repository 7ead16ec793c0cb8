/**
 * Tells which paths lead elsewhere since a link on their way was switched, as a deployment does that makes a new folder and then
 * points `current` at it. Used by `watch.ts`: chokidar watches what is behind the links above a path, and not these.
 */

import { lstatSync, readlinkSync } from 'node:fs'
import { join, parse, resolve, sep } from 'node:path'
import { type FSWatcher, watch } from 'chokidar'

/** As many as systems follow; a circle has no end. */
const MOST_LINKS = 40

export interface LinkWatchEvents {
  /** A link on the way of these paths leads elsewhere, or is gone, or is there again. */
  switched(paths: readonly string[]): void
  failed(error: Error): void
}

interface Link {
  /** Without links above it. */
  readonly path: string
  readonly target: string
}

export class LinkWatch {
  readonly #events: LinkWatchEvents
  readonly #watcher: FSWatcher
  /** By the path of a link: where it led, null for nowhere, and the paths on whose way it is or was. */
  readonly #links = new Map<string, { target: string | null; readonly paths: Set<string> }>()

  constructor(events: LinkWatchEvents) {
    this.#events = events
    // One watch for the folder of each link: where systems watch whole trees, that could be the whole disk.
    this.#watcher = watch([], { followSymlinks: false, backend: 'native' })
    this.#watcher.on('all', (_event, path) => this.#look(path))
    this.#watcher.on('error', (thrown) => events.failed(thrown as Error))
  }

  /** `since`: a link that was made later counts as switched. */
  add(path: string, since: number): void {
    let isSwitched = false
    for (const link of linksOn(path)) {
      const known = this.#links.get(link.path)
      if (known === undefined) this.#links.set(link.path, { target: link.target, paths: new Set([path]) })
      else known.paths.add(path)
      isSwitched ||= madeAt(link.path) > since
      if (known === undefined) this.#watcher.add(link.path)
    }
    if (isSwitched) this.#events.switched([path])
  }

  /** Looks at each link, whatever its watch has said. */
  look(): void {
    for (const path of this.#links.keys()) this.#look(path)
  }

  /** Nothing is reported any more. */
  async close(): Promise<void> {
    await this.#watcher.close()
  }

  #look(path: string): void {
    const link = this.#links.get(resolve(path))
    if (link === undefined) return
    const target = targetOf(path)
    if (target === link.target) return
    link.target = target
    this.#events.switched([...link.paths])
  }
}

/** The links that the system follows on its way to a path, those of their targets included. */
function linksOn(path: string): readonly Link[] {
  const links: Link[] = []
  let { root: at, names } = partsOf(resolve(path))
  for (let name = names.shift(); name !== undefined && links.length < MOST_LINKS; name = names.shift()) {
    const next = join(at, name)
    const target = targetOf(next)
    if (target === null) at = next
    else {
      links.push({ path: next, target })
      const onwards = partsOf(resolve(at, target))
      at = onwards.root
      names = [...onwards.names, ...names]
    }
  }
  return links
}

function partsOf(path: string): { readonly root: string; readonly names: string[] } {
  const { root } = parse(path)
  return { root, names: path.slice(root.length).split(sep).filter(Boolean) }
}

/** Null for what is no link, or not there. */
function targetOf(path: string): string | null {
  try {
    return readlinkSync(path)
  } catch {
    return null
  }
}

function madeAt(link: string): number {
  return lstatSync(link, { throwIfNoEntry: false })?.mtimeMs ?? Number.POSITIVE_INFINITY
}
