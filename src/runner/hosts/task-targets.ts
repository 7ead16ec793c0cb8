/**
 * Finds the functions of other scripts that tasks run: by a path relative to the declaring file, or by the name of the
 * script. Searches the scripts that are loaded now, since scripts come and go.
 */

import { statSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import type { LoadTarget } from '../../border/protocol.ts'
import { InternalError } from '../../errors.ts'
import type { TaskDefinition, TaskRuns, WorkflowDefinition } from '../../model/workflow.ts'
import type { LiveRegistry } from '../../registry/live-registry.ts'
import { didYouMean } from '../../registry/nearest.ts'
import type { Registry, RegistryProblem } from '../../registry/registry.ts'
import { targetIdentity } from '../script-sources.ts'

export interface FoundTask {
  readonly script: string
  readonly workflow: string
  readonly taskId: string
}

type Asking = { readonly workflow: string; readonly runs?: TaskRuns | undefined }
/** Result of a search, or the reason why nothing was found. */
type Search = FoundTask | { readonly why: string; readonly kind: 'unknownScript' | 'unknownTask' }

export class TaskTargets {
  readonly #registry: LiveRegistry
  readonly #loaded: () => ReadonlyMap<string, LoadTarget>
  /** Registry of the cached searches. A changed registry is another object. */
  #searched: Registry | null = null
  #searches = new WeakMap<TaskRuns, Search>()

  /** `loaded`: returns the targets by script. */
  constructor(registry: LiveRegistry, loaded: () => ReadonlyMap<string, LoadTarget>) {
    this.#registry = registry
    this.#loaded = loaded
  }

  /** Returns null if the task is not loaded. */
  of(asking: Asking): FoundTask | null {
    const search = this.#search(asking)
    return 'why' in search ? null : search
  }

  /** Returns complete sentences about a task that `of` does not find. */
  whyMissing(asking: Asking): string {
    const search = this.#search(asking)
    return 'why' in search ? search.why : ''
  }

  /** Returns the paths of the files whose functions tasks in use run, loaded or not. */
  namedFiles(): readonly string[] {
    const named = [...this.#registry.current().workflows.values()].flatMap(({ place, tasks }) =>
      tasks.flatMap(({ runs }) => (runs === undefined ? [] : (fileNamed(runs.script, place?.file ?? null) ?? []))),
    )
    return [...new Set(named)]
  }

  /** Returns a problem for each task in use whose function is not loaded. */
  problems(): readonly RegistryProblem[] {
    const { workflows } = this.#registry.current()
    return [...workflows.values()].flatMap((workflow) =>
      workflow.tasks.flatMap((task) => this.#problemOf(workflow, task) ?? []),
    )
  }

  #problemOf({ key, script, place }: WorkflowDefinition, task: TaskDefinition): RegistryProblem | null {
    const { runs } = task
    if (runs === undefined) return null
    const search = this.#search({ workflow: key, runs })
    if (!('why' in search)) return null
    const message = `Task "${task.id}" of workflow "${key}" cannot run: ${search.why}`
    return { kind: search.kind, message, workflow: key, task: task.id, script, place: task.place ?? place }
  }

  #search({ workflow, runs }: Asking): Search {
    if (runs === undefined) throw new InternalError(`A task of workflow "${workflow}" names no task of another script.`)
    const registry = this.#registry.current()
    if (registry !== this.#searched) {
      this.#searched = registry
      this.#searches = new WeakMap()
    }
    const known = this.#searches.get(runs)
    if (known !== undefined) return known
    const search = this.#searchAnew(registry, workflow, runs)
    this.#searches.set(runs, search)
    return search
  }

  #searchAnew({ workflows }: Registry, workflow: string, runs: TaskRuns): Search {
    const loaded = this.#loaded()
    const script = scriptNamed(runs.script, workflows.get(workflow)?.place?.file ?? null, loaded)
    if (script === null) {
      const why =
        `script "${runs.script}" is not loaded. Load that script together with the script of the ` +
        `workflow.${didYouMean(runs.script, loaded.keys())}`
      return { kind: 'unknownScript', why }
    }
    const declared = [...workflows.values()].filter((each) => each.script === script)
    const meant = declared.filter(({ key }) => runs.workflow === null || key === runs.workflow)
    const found = meant.find(({ tasks }) => tasks.some(({ id }) => id === runs.taskId))
    if (found !== undefined) return { script, workflow: found.key, taskId: runs.taskId }
    const of = runs.workflow === null ? '' : ` in workflow "${runs.workflow}"`
    const known = declared.flatMap(({ tasks }) => tasks.map(({ id }) => id))
    const why = `script "${script}" declares no task "${runs.taskId}"${of}.${didYouMean(runs.taskId, known)}`
    return { kind: 'unknownTask', why }
  }
}

/** Returns the possible paths of a script. `from`: file that contains the name. */
function pathsOf(name: string, from: string | null): readonly string[] {
  return [...(from === null ? [] : [resolve(dirname(from), name)]), resolve(name)]
}

/** Returns null if there is no such file. */
function fileNamed(name: string, from: string | null): string | null {
  return pathsOf(name, from).find((path) => statSync(path, { throwIfNoEntry: false })?.isFile()) ?? null
}

/** `from`: file that contains the name. */
function scriptNamed(name: string, from: string | null, loaded: ReadonlyMap<string, LoadTarget>): string | null {
  for (const path of pathsOf(name, from)) {
    const file = targetIdentity({ kind: 'file', path })
    for (const [script, target] of loaded) if (targetIdentity(target) === file) return script
  }
  return loaded.has(name) ? name : null
}
