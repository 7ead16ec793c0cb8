/** Checks scripts without serving them or creating a database. Used by `cloaca check` and by tests of Node programs. */

import type { LoadTarget } from '../border/protocol.ts'
import type { Clock } from '../engine/clock-port.ts'
import { clockChangeWarning } from '../engine/cron/clock-changes.ts'
import { assertZone, nextRunAt } from '../engine/cron/expressions.ts'
import { EngineEvents } from '../engine/engine-events.ts'
import { toError } from '../errors.ts'
import { twinText } from '../host/scripts/script-declarations.ts'
import type { GraphDefinition, ReactorDefinition, SourceDefinition } from '../model/graphs/definitions.ts'
import { areSameLimits, type LimitDefinition } from '../model/limits/limits.ts'
import type { TriggerDefinition } from '../model/trigger.ts'
import type { SourcePlace, WaitDefinition, WorkflowDefinition } from '../model/workflow.ts'
import { LiveRegistry } from '../registry/live-registry.ts'
import { checkWorkflow, type Registry, type RegistryProblem, unboundTriggers } from '../registry/registry.ts'
import { type RuleFindings, ruleProblems } from '../registry/rule-problems.ts'
import { makeRunnerClock, openScripting, type Scripting } from './composition.ts'
import { checkOnlyRunner } from './hosts/only-checked.ts'
import { openModules } from './hosts/open-modules.ts'
import { type LoadedCode, ScriptHosts } from './hosts/script-hosts.ts'
import { TaskTargets } from './hosts/task-targets.ts'
import { WorkflowInputs } from './hosts/workflow-inputs.ts'
import { KeepAlive } from './keep-alive.ts'
import type { LogSink } from './log/event-log-lines.ts'
import { type CheckedOptions, hostLimits, type RunnerOptions, runnerOptions } from './runner-options.ts'
import {
  findScripts,
  isModuleFile,
  isSameTarget,
  type ScriptSource,
  sourceOfFile,
  type UnreadablePath,
} from './script-sources.ts'
import { defaultDurability } from './start/database-choice.ts'
import { requireNode } from './start/node-version.ts'

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
  readonly limits: readonly LimitDefinition[]
  readonly sources: readonly SourceDefinition[]
  readonly reactors: readonly ReactorDefinition[]
  readonly graphs: readonly GraphDefinition[]
  /** Declarations that are ignored because another script declares the same name. */
  readonly overridden: readonly {
    readonly kind: 'trigger' | 'workflow' | 'limit' | 'source' | 'reactor' | 'graph'
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
  /** Findings that may be intended, in the same order. */
  readonly warnings: readonly CheckProblem[]
}

/** Options of `checkScripts`: Python and its limits, as in `RunnerOptions`. Output of scripts goes to stderr. */
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
  const leftOut: UnreadablePath[] = []
  const sources = findScripts(places, (each) => leftOut.push(each))
  const events = new EngineEvents()
  const clock = makeRunnerClock(events)
  using _hold = new KeepAlive().hold()
  const registry = new LiveRegistry()
  const targetOf = new Map(sources.map(({ script, target }) => [script, target]))
  const targets = new TaskTargets(registry, () => targetOf)
  const hosts: ScriptHosts = new ScriptHosts({
    openPython: (_, scripts) => openPython(checked, clock, log, scripts),
    openModules: () => openModules({ ...checked, stdoutTo: 'stderr', log }, clock, checkOnlyRunner(hosts)),
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
    // The check itself reports problems of single declarations.
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
  /** Targets by script, including scripts that tasks name. */
  readonly targetOf: Map<string, LoadTarget>
  readonly clock: Clock
}

async function checkAll(
  asked: readonly ScriptSource[],
  leftOut: readonly UnreadablePath[],
  checking: Checking,
): Promise<CheckReport> {
  const { hosts, registry, targets, targetOf, clock } = checking
  const good: LoadedCode[] = []
  const problems = leftOut.map(leftOutProblem)
  const warnings: CheckProblem[] = []
  const sources = [...asked]
  for (const { script, target } of sources) {
    const { loaded } = await hosts.load({ script, target }, 0)
    if (loaded.fault !== null) {
      problems.push(loadProblem(loaded))
      continue
    }
    for (const each of registry.replaceScript(script, loaded)) problems.push({ ...each, traceback: null })
    problems.push(...twins(loaded), ...badParameters(loaded))
    const rules = ruleFindings(loaded)
    problems.push(...badCrons(loaded, clock.now()), ...rules.problems, ...(await badWaits(loaded)))
    warnings.push(...affectedCrons(loaded, clock.now()), ...rules.warnings)
    good.push(loaded)
    for (const named of targets.namedFiles().map(sourceOfFile)) {
      if ([...targetOf.values()].some((each) => isSameTarget(each, named.target))) continue
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
  return { scripts, problems: inOrder(problems, sources), warnings: inOrder(warnings, sources) }
}

function checkedScript(loaded: LoadedCode, { triggers, workflows, limits, graphs }: Registry): CheckedScript {
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
    limits: ofScript(limits, script),
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
      ...overriddenOf('limit', differing(loaded.limits, limits), limits),
      ...overriddenOf('source', namesOf(loaded.graphs?.sources), graphs.sources),
      ...overriddenOf('reactor', namesOf(loaded.graphs?.reactors), graphs.reactors),
      ...overriddenOf('graph', namesOf(loaded.graphs?.graphs), graphs.graphs),
    ],
  }
}

/** Returns the names of the limits for which another script declares different values. */
function differing(declared: readonly LimitDefinition[] = [], inUse: Registry['limits']): readonly string[] {
  return namesOf(declared.filter((limit) => !areSameLimits(limit, inUse.get(limit.name) ?? limit)))
}

function namesOf(declared: readonly { readonly name: string }[] = []): readonly string[] {
  return [...new Set(declared.map(({ name }) => name))]
}

function leftOutProblem({ path, reason }: UnreadablePath): CheckProblem {
  return { kind: 'leftOut', message: `Skipped: ${reason}`, script: path, place: null, traceback: null }
}

function loadProblem({ script, fault }: LoadedCode): CheckProblem {
  const message = `Cannot load the script: ${fault?.type}: ${fault?.message}`
  return { kind: 'cannotBeLoaded', message, script, place: fault?.place ?? null, traceback: fault?.traceback || null }
}

/** Only for Python: TypeScript rejects a name that is declared twice. */
function twins(loaded: LoadedCode): readonly CheckProblem[] {
  if (!('twins' in loaded)) return []
  const { script } = loaded
  return loaded.twins.map((twin) => {
    return { kind: 'twinNames', message: twinText(twin), script, place: twin.place, traceback: null }
  })
}

/** Only for Python: TypeScript checks the parameters of functions. */
function badParameters(loaded: LoadedCode): readonly CheckProblem[] {
  if (!('badParameters' in loaded)) return []
  const { script } = loaded
  return loaded.badParameters.map((each) => ({ ...each, script, traceback: null }))
}

function ruleFindings({ workflows }: LoadedCode): Pick<CheckReport, 'problems' | 'warnings'> {
  const ordered = workflows.flatMap((workflow) => checkWorkflow(workflow).definition ?? [])
  const found = ordered.map(ruleProblems)
  const of = (kind: keyof RuleFindings) => found.flatMap((each) => each[kind].map(withoutTraceback))
  return { problems: of('problems'), warnings: of('warnings') }
}

function withoutTraceback(problem: RegistryProblem): CheckProblem {
  return { ...problem, traceback: null }
}

function badCrons({ script, triggers }: LoadedCode, at: number): readonly CheckProblem[] {
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

/** Returns the schedules that a change of the clock affects. */
function affectedCrons({ script, triggers }: LoadedCode, at: number): readonly CheckProblem[] {
  return triggers.flatMap(({ name, timing, place }) => {
    const warning = timing.kind === 'cron' ? clockChangeWarning(timing, at) : null
    if (warning === null) return []
    return [{ kind: 'clockChange', message: `Trigger "${name}": ${warning}`, script, place, traceback: null }]
  })
}

/** Returns the nodes that cannot wait: in an unknown time zone, or with a schema that cannot be used. */
async function badWaits({ script, workflows }: LoadedCode): Promise<readonly CheckProblem[]> {
  const nodes = workflows.flatMap(({ key, tasks }) =>
    tasks.flatMap(({ id, wait, place }) => (wait === undefined ? [] : [{ key, id, wait, place }])),
  )
  const problems: CheckProblem[] = []
  for (const { key, id, wait, place } of nodes) {
    const reason = await waitProblem(wait)
    if (reason === null) continue
    const message = `Node "${id}" of workflow "${key}" cannot wait: ${reason}`
    problems.push({ kind: 'badWait', message, script, place, traceback: null })
  }
  return problems
}

async function waitProblem(wait: WaitDefinition): Promise<string | null> {
  if (wait.kind === 'delay') return wait.end.kind === 'until' ? zoneProblem(wait.end.time.timezone) : null
  const [name, schema] = wait.kind === 'approval' ? ['form', wait.form] : ['payload', wait.payload ?? null]
  if (schema === null) return null
  const { unusableForm } = await import('../forms/form-values.ts')
  const reason = unusableForm(schema)
  return reason === null ? null : `its ${name} ${reason}.`
}

function zoneProblem(timezone: string): string | null {
  try {
    assertZone(timezone)
    return null
  } catch (thrown) {
    return toError(thrown).message
  }
}

function inOrder(problems: readonly CheckProblem[], sources: readonly ScriptSource[]): readonly CheckProblem[] {
  const ranks = new Map(sources.map(({ script }, rank) => [script, rank]))
  const rankOf = ({ script }: CheckProblem) => ranks.get(script) ?? sources.length
  return problems.toSorted(
    (one, other) => rankOf(one) - rankOf(other) || (one.place?.line ?? 0) - (other.place?.line ?? 0),
  )
}
