/**
 * Looks at scripts as they would be served, and starts nothing: no trigger is polled, no workflow runs, no database is made.
 * A composition root beside `runner.ts`; used by `cloaca check` and by the tests of Node programs.
 */

import type { LoadTarget } from '../border/protocol.ts'
import { nextRunAt } from '../engine/cron/expressions.ts'
import { EngineEvents } from '../engine/events.ts'
import type { Clock } from '../engine/ports.ts'
import { toError } from '../errors.ts'
import type { GraphDefinition, ReactorDefinition, SourceDefinition } from '../model/graphs/definitions.ts'
import type { TriggerDefinition } from '../model/trigger.ts'
import type { SourcePlace, WorkflowDefinition } from '../model/workflow.ts'
import { LiveRegistry } from '../registry/live-registry.ts'
import { checkWorkflow, type Registry, unboundTriggers } from '../registry/registry.ts'
import { ruleProblems } from '../registry/rule-problems.ts'
import { clockOf, defaultDurability, openScripting, type Scripting } from './composition.ts'
import { onlyChecked } from './hosts/only-checked.ts'
import { openModules } from './hosts/open-modules.ts'
import { type Loaded, ScriptHosts } from './hosts/script-hosts.ts'
import { TaskTargets } from './hosts/task-targets.ts'
import { WorkflowInputs } from './hosts/workflow-inputs.ts'
import { KeepAlive } from './keep-alive.ts'
import type { LogSink } from './log-lines.ts'
import { requireNode } from './node-version.ts'
import { type CheckedOptions, hostLimits, type RunnerOptions, runnerOptions } from './options.ts'
import { isModuleFile, isSame, type LeftOut, type ScriptSource, scriptsAt, sourceOfFile } from './script-sources.ts'

/** Problem of a script. */
export interface CheckProblem {
  /** Kind of the problem, such as `cannotBeLoaded`, `leftOut`, `badCron`, `twinNames` or `nothingDeclared`. */
  readonly kind: string
  /** Complete sentence with the names and the remedy. */
  readonly message: string
  readonly script: string
  /** Place of the problem, or null if it is unknown. */
  readonly place: SourcePlace | null
  /** Python traceback of a script that cannot be loaded, or null. */
  readonly traceback: string | null
}

/** Declarations of a checked script. */
export interface CheckedScript {
  readonly script: string
  readonly triggers: readonly TriggerDefinition[]
  /** Workflows with their tasks in an order in which dependencies come first. */
  readonly workflows: readonly WorkflowDefinition[]
  readonly sources: readonly SourceDefinition[]
  readonly reactors: readonly ReactorDefinition[]
  readonly graphs: readonly GraphDefinition[]
  /** Declarations that are ignored because another script declares the same name. */
  readonly overridden: readonly {
    readonly kind: 'trigger' | 'workflow' | 'source' | 'reactor' | 'graph'
    readonly name: string
    /** Id of the script whose declaration is used. */
    readonly by: string
  }[]
}

/** Result of `checkScripts`. */
export interface CheckReport {
  readonly scripts: readonly CheckedScript[]
  /** Problems in the order of the scripts and their lines. Empty if there are none. */
  readonly problems: readonly CheckProblem[]
}

/**
 * Options of `checkScripts`: the Python and the limits of the interpreter, as in `RunnerOptions`. Output of scripts
 * goes to stderr.
 */
export type CheckOptions = Pick<
  RunnerOptions,
  | 'python'
  | 'pythonFor'
  | 'restrict'
  | 'restrictFor'
  | 'interpreterMemoryMb'
  | 'interpreterOpenFiles'
  | 'interpreterThreads'
  | 'loadTimeoutMs'
  | 'log'
>

/**
 * Loads files, folders and modules without serving them, and returns their declarations and problems. Rejects with
 * `INVALID_ARGUMENT` for a path that does not exist, and with a `HostError` if Python does not start.
 */
export async function checkScripts(places: readonly string[], options: CheckOptions = {}): Promise<CheckReport> {
  requireNode()
  const checked = runnerOptions(options)
  const log: LogSink = checked.log ?? (() => undefined)
  const leftOut: LeftOut[] = []
  const sources = scriptsAt(places, (each) => leftOut.push(each))
  const events = new EngineEvents()
  const clock = clockOf(events)
  using _hold = new KeepAlive().hold()
  const registry = new LiveRegistry()
  const targetOf = new Map(sources.map(({ script, target }) => [script, target]))
  const targets = new TaskTargets(registry, () => targetOf)
  const hosts: ScriptHosts = new ScriptHosts({
    openPython: (_, scripts) => openPython(checked, clock, log, scripts),
    openModules: () => openModules({ ...checked, stdoutTo: 'stderr', log }, clock, onlyChecked(hosts)),
    ...{ targets, restrictions: checked.restrictions, loading: () => null },
    inputs: new WorkflowInputs(registry, () => hosts.modulesNow),
  })
  try {
    await hosts.expect(sources)
    const report = await checkAll(sources, leftOut, { hosts, registry, targets, targetOf, clock })
    hosts.requireMatches([...targetOf.values()])
    return report
  } finally {
    await hosts.close((message) => log({ level: 'warn', message }))
  }
}

function openPython(
  options: CheckedOptions,
  clock: Clock,
  log: LogSink,
  scripts: () => readonly LoadTarget[],
): Promise<Scripting> {
  return openScripting({
    argv: [''],
    interpreters: 1,
    pythonChoice: options.python,
    pythonFor: options.pythonFor,
    restrictions: options.restrictions,
    ...{ scripts, isProgram: false },
    isDryRun: true,
    stdoutTo: 'stderr',
    limits: hostLimits(options),
    durability: defaultDurability(),
    secrets: null,
    streams: {},
    registry: new LiveRegistry(),
    served: null,
    startsRunners: false,
    clock,
    watch: () => undefined,
    reloaded: () => undefined,
    notServed: () => undefined,
    quarantined: () => undefined,
    // What is wrong with single declarations is reported by the check itself.
    notice: (message) => log({ level: 'debug', message }),
    preparing: (message, isDone) => log({ level: 'info', message, progress: isDone ? 'ended' : 'under way' }),
  })
}

interface Owned {
  readonly script: string
}

function ofScript<Definition extends Owned>(
  definitions: ReadonlyMap<string, Definition>,
  script: string,
): readonly Definition[] {
  return [...definitions.values()].filter((each) => each.script === script)
}

interface Checking {
  readonly hosts: ScriptHosts
  readonly registry: LiveRegistry
  readonly targets: TaskTargets
  /** By script. What tasks name besides is added. */
  readonly targetOf: Map<string, LoadTarget>
  readonly clock: Clock
}

async function checkAll(
  asked: readonly ScriptSource[],
  leftOut: readonly LeftOut[],
  checking: Checking,
): Promise<CheckReport> {
  const { hosts, registry, targets, targetOf, clock } = checking
  const good: Loaded[] = []
  const problems = leftOut.map(leftOutProblem)
  const sources = [...asked]
  // Grows while it is walked: a script is loaded, too, that a task runs a function of.
  for (const { script, target } of sources) {
    const { loaded } = await hosts.load({ script, target }, 0)
    if (loaded.fault !== null) {
      problems.push(loadProblem(loaded))
      continue
    }
    for (const each of registry.replaceScript(script, loaded)) problems.push({ ...each, traceback: null })
    problems.push(...twins(loaded), ...badCrons(loaded, clock.now()), ...badRules(loaded))
    good.push(loaded)
    for (const named of targets.namedFiles().map(sourceOfFile)) {
      if ([...targetOf.values()].some((each) => isSame(each, named.target))) continue
      targetOf.set(named.script, named.target)
      sources.push(named)
    }
  }
  const { triggers, workflows, graphs } = registry.current()
  for (const each of [...unboundTriggers(registry.current()), ...targets.problems()]) {
    problems.push({ ...each, traceback: null })
  }
  const declared = triggers.size + workflows.size + graphs.sources.size + graphs.reactors.size + graphs.graphs.size
  if (problems.length === 0 && declared === 0) {
    const script = good[0]?.script ?? ''
    const hint = isModuleFile(script) ? ' A module serves only its exported values: check for a missing export.' : ''
    const message = `Nothing to serve: no trigger and no workflow is declared.${hint}`
    problems.push({ kind: 'nothingDeclared', message, script, place: null, traceback: null })
  }
  const scripts = good.map((loaded) => checkedScript(loaded, registry.current()))
  return { scripts, problems: inOrder(problems, sources) }
}

function checkedScript(loaded: Loaded, { triggers, workflows, graphs }: Registry): CheckedScript {
  const { script } = loaded
  const overriddenOf = (
    kind: CheckedScript['overridden'][number]['kind'],
    names: readonly string[],
    inUse: ReadonlyMap<string, Owned>,
  ) =>
    names.flatMap((name) => {
      const by = inUse.get(name)?.script ?? script
      return by === script ? [] : [{ kind, name, by }]
    })
  return {
    script,
    triggers: ofScript(triggers, script),
    workflows: ofScript(workflows, script),
    sources: ofScript(graphs.sources, script),
    reactors: ofScript(graphs.reactors, script),
    graphs: ofScript(graphs.graphs, script),
    overridden: [
      ...overriddenOf('trigger', namesOf(loaded.triggers), triggers),
      ...overriddenOf(
        'workflow',
        loaded.workflows.map(({ key }) => key),
        workflows,
      ),
      ...overriddenOf('source', namesOf(loaded.graphs?.sources), graphs.sources),
      ...overriddenOf('reactor', namesOf(loaded.graphs?.reactors), graphs.reactors),
      ...overriddenOf('graph', namesOf(loaded.graphs?.graphs), graphs.graphs),
    ],
  }
}

function namesOf(declared: readonly { readonly name: string }[] = []): readonly string[] {
  return [...new Set(declared.map(({ name }) => name))]
}

function leftOutProblem({ path, reason }: LeftOut): CheckProblem {
  return { kind: 'leftOut', message: `Skipped: ${reason}`, script: path, place: null, traceback: null }
}

function loadProblem({ script, fault }: Loaded): CheckProblem {
  const message = `Cannot load the script: ${fault?.type}: ${fault?.message}`
  return { kind: 'cannotBeLoaded', message, script, place: fault?.place ?? null, traceback: fault?.traceback || null }
}

/** Of Python: to TypeScript a name that is declared twice is an error. */
function twins(loaded: Loaded): readonly CheckProblem[] {
  if (!('twins' in loaded)) return []
  const { script } = loaded
  return loaded.twins.map(({ kind, name, earlier, place }) => {
    const where = earlier.file === place.file ? `line ${earlier.line}` : `"${earlier.file}", line ${earlier.line}`
    const noun = `${kind.charAt(0).toUpperCase()}${kind.slice(1)}`
    const message = `${noun} "${name}" is already declared in ${where}, and this one replaces it. Rename one of them.`
    return { kind: 'twinNames', message, script, place, traceback: null }
  })
}

function badRules({ workflows }: Loaded): readonly CheckProblem[] {
  const ordered = workflows.flatMap((workflow) => checkWorkflow(workflow).definition ?? [])
  return ordered.flatMap(ruleProblems).map((problem) => ({ ...problem, traceback: null }))
}

function badCrons({ script, triggers }: Loaded, at: number): readonly CheckProblem[] {
  return triggers.flatMap(({ name, timing, place }) => {
    if (timing.kind !== 'cron') return []
    try {
      nextRunAt(timing.expression, timing.timezone, at)
      return []
    } catch (thrown) {
      const message = `Trigger "${name}" has an invalid schedule: ${toError(thrown).message}`
      return [{ kind: 'badCron', message, script, place, traceback: null }]
    }
  })
}

function inOrder(problems: readonly CheckProblem[], sources: readonly ScriptSource[]): readonly CheckProblem[] {
  const ranks = new Map(sources.map(({ script }, rank) => [script, rank]))
  const rankOf = ({ script }: CheckProblem) => ranks.get(script) ?? sources.length
  return problems.toSorted(
    (one, other) => rankOf(one) - rankOf(other) || (one.place?.line ?? 0) - (other.place?.line ?? 0),
  )
}
