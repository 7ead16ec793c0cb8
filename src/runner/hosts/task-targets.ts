/**
 * Finds the functions of other scripts that tasks run: by the path of a script, seen from the file in which the task is
 * declared, or by its name. Scripts come and go, so it is looked up in what is loaded now.
 */

import { statSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import type { LoadTarget } from '../../border/protocol.ts'
import { InternalError } from '../../errors.ts'
import type { TaskDefinition, TaskRuns, WorkflowDefinition } from '../../model/workflow.ts'
import type { LiveRegistry } from '../../registry/live-registry.ts'
import { didYouMean } from '../../registry/nearest.ts'
import type { Registry, RegistryProblem } from '../../registry/registry.ts'
import { identityOf } from '../script-sources.ts'

/** A task of a script as that declares it. */
export interface FoundTask {
  readonly script: string
  readonly workflow: string
  readonly taskId: string
}

type Asking = { readonly workflow: string; readonly runs?: TaskRuns | undefined }
/** What was found, or why there is nothing. */
type Search = FoundTask | { readonly why: string; readonly kind: 'unknownScript' | 'unknownTask' }

export class TaskTargets {
  readonly #registry: LiveRegistry
  readonly #loaded: () => ReadonlyMap<string, LoadTarget>
  /** Of this registry: one that has changed is another. */
  #searched: Registry | null = null
  #searches = new WeakMap<TaskRuns, Search>()

  /** `loaded`: by script, what it was loaded from. */
  constructor(registry: LiveRegistry, loaded: () => ReadonlyMap<string, LoadTarget>) {
    this.#registry = registry
    this.#loaded = loaded
  }

  /** Null where it is not loaded. */
  of(asking: Asking): FoundTask | null {
    const search = this.#search(asking)
    return 'why' in search ? null : search
  }

  /** Complete sentences about what `of` has not found. */
  whyMissing(asking: Asking): string {
    const search = this.#search(asking)
    return 'why' in search ? search.why : ''
  }

  /** The files of other scripts that tasks in use run functions of, by their paths, loaded or not. */
  namedFiles(): readonly string[] {
    const named = [...this.#registry.current().workflows.values()].flatMap(({ place, tasks }) =>
      tasks.flatMap(({ runs }) => (runs === undefined ? [] : (fileNamed(runs.script, place?.file ?? null) ?? []))),
    )
    return [...new Set(named)]
  }

  /** Of all tasks in use: those whose functions are not loaded. */
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
      const why = `script "${runs.script}" is not loaded. Load that script together with the script of the workflow.${didYouMean(runs.script, loaded.keys())}`
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

/** Where a script of this name may be. `from`: the file in which it is named. */
function pathsOf(name: string, from: string | null): readonly string[] {
  return [...(from === null ? [] : [resolve(dirname(from), name)]), resolve(name)]
}

/** Null where there is no such file. */
function fileNamed(name: string, from: string | null): string | null {
  return pathsOf(name, from).find((path) => statSync(path, { throwIfNoEntry: false })?.isFile()) ?? null
}

/** `from`: the file in which it is named. */
function scriptNamed(name: string, from: string | null, loaded: ReadonlyMap<string, LoadTarget>): string | null {
  for (const path of pathsOf(name, from)) {
    const file = identityOf({ kind: 'file', path })
    for (const [script, target] of loaded) if (identityOf(target) === file) return script
  }
  return loaded.has(name) ? name : null
}
