/**
 * Announces the limits of the loaded code to the store. Used by the acquirer before it takes executions, so that every
 * limit is declared before an attempt takes a slot of it.
 */

import { type LimitDefinition, type LimitOverrides, workflowLimitName } from '../../model/limits/limits.ts'
import type { Registry } from '../../registry/registry.ts'
import type { EnginePorts } from '../engine-options.ts'

type Ports = Pick<EnginePorts, 'store' | 'clock' | 'registry' | 'instanceId' | 'limits'>

export class DeclaredLimits {
  readonly #ports: Ports
  /** Registry whose limits are announced. */
  #registry: Registry | null = null
  /** JSON of the announced limits. An engine that has never had limits announces none. */
  #announced = '[]'

  constructor(ports: Ports) {
    this.#ports = ports
  }

  /**
   * Returns null if the limits of the current code are announced. Otherwise announces them, and returns the ids of
   * executions that can begin or continue by it.
   */
  announce(): Promise<readonly string[]> | null {
    const { registry, limits: settings } = this.#ports
    const current = registry.current()
    if (current === this.#registry) return null
    const limits = limitsOf(current, settings)
    const text = JSON.stringify(limits)
    if (text !== this.#announced) return this.#announce(current, limits, text)
    this.#registry = current
    return null
  }

  /** Whether the loaded code has limits. Executions without limits never wait for slots. */
  get hasAny(): boolean {
    return this.#announced !== '[]'
  }

  /** Forgets the announced limits, because another database is open. */
  forget(): void {
    this.#registry = null
    this.#announced = '[]'
  }

  async #announce(registry: Registry, limits: readonly LimitDefinition[], text: string): Promise<readonly string[]> {
    const { store, clock, instanceId } = this.#ports
    // If the step fails, it is unknown what the store contains.
    this.#announced = ''
    const available = await store.limits.declare(instanceId, limits, clock.now())
    this.#announced = text
    this.#registry = registry
    return available
  }
}

/** Returns the limits of tasks and of workflows, with the values of the settings instead of those of the code. */
function limitsOf(
  { limits, workflows }: Registry,
  settings: Readonly<Record<string, LimitOverrides>>,
): readonly LimitDefinition[] {
  const ofTasks = [...limits.values()].map((limit): LimitDefinition => {
    const { maxActive = limit.maxActive, rate = limit.rate } = settings[limit.name] ?? {}
    return { ...limit, maxActive, rate }
  })
  const ofWorkflows = [...workflows.values()].flatMap(({ key, limit, script, place }): readonly LimitDefinition[] => {
    if (limit === undefined) return []
    const { maxActive, per } = limit
    return [{ name: workflowLimitName(key), maxActive, rate: null, per, script, place }]
  })
  return [...ofTasks, ...ofWorkflows].sort((one, other) => (one.name < other.name ? -1 : 1))
}
