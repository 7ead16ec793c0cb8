/**
 * Detects switched links in paths, for example by a deployment that points `current` at a new folder. Used by
 * `watch.ts`: chokidar watches the targets of the links above a path, and not the links.
 */

import { lstatSync, readlinkSync } from 'node:fs'
import { join, parse, resolve, sep } from 'node:path'
import { type FSWatcher, watch } from 'chokidar'

/** Limit of systems; a cycle has no end. */
const MAX_LINKS = 40

export interface LinkWatchEvents {
  /** A link in these paths was changed, removed or restored. */
  switched(paths: readonly string[]): void
  failed(error: Error): void
}

interface Link {
  /** Path without links above it. */
  readonly path: string
  readonly target: string
}

export class LinkWatch {
  readonly #events: LinkWatchEvents
  readonly #watcher: FSWatcher
  /** By the path of a link: its target or null, and the paths that contain or contained it. */
  readonly #links = new Map<string, { target: string | null; readonly paths: Set<string> }>()

  constructor(events: LinkWatchEvents) {
    this.#events = events
    // One watch per folder of a link: a watch of a tree could cover the whole disk on some systems.
    this.#watcher = watch([], { followSymlinks: false, backend: 'native' })
    this.#watcher.on('all', (_event, path) => this.#look(path))
    this.#watcher.on('error', (thrown) => events.failed(thrown as Error))
  }

  /** `since`: a link that was made later is reported as switched. */
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

  /** Checks each link, independently of the watches. */
  look(): void {
    for (const path of this.#links.keys()) this.#look(path)
  }

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

/** Returns the links that the system follows to a path, including those of targets. */
function linksOn(path: string): readonly Link[] {
  const links: Link[] = []
  let { root: at, names } = partsOf(resolve(path))
  for (let name = names.shift(); name !== undefined && links.length < MAX_LINKS; name = names.shift()) {
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

/** Returns null if there is no link. */
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
