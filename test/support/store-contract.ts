/**
 * What every store must do, as tests: `describeStoreContract` is run on each implementation with a factory of it.
 * The cases stand in one file a topic beside this one. A case that one implementation cannot carry says why.
 */

import { afterEach, beforeEach, describe, test } from 'vitest'
import type { Store } from '../../src/engine/ports.ts'
import type { FakeClock } from './fake-clock.ts'
import { describeActionContract } from './store-contract-actions.ts'
import { describeActivityContract } from './store-contract-activity.ts'
import { describeAlertContract } from './store-contract-alerts.ts'
import { describeAttemptContract } from './store-contract-attempts.ts'
import { describeCronTriggerContract } from './store-contract-cron-triggers.ts'
import { describeCronContract } from './store-contract-crons.ts'
import { describeDeclaredContract } from './store-contract-declared.ts'
import { describeExecutionContract } from './store-contract-executions.ts'
import { describeGraphUpkeepContract } from './store-contract-graph-upkeep.ts'
import { describeGraphContract } from './store-contract-graphs.ts'
import { describeHistoryContract } from './store-contract-history.ts'
import { describeInstanceContract } from './store-contract-instances.ts'
import { describeLogContract } from './store-contract-logs.ts'
import { describeOwnerContract } from './store-contract-owners.ts'
import { describePolicyContract } from './store-contract-policies.ts'
import { describeReactorContract } from './store-contract-reactors.ts'
import { describeSharingContract } from './store-contract-sharing.ts'
import { describeSourceContract } from './store-contract-sources.ts'
import { describeSteeringContract } from './store-contract-steering.ts'
import { describeSubscriptionContract } from './store-contract-subscriptions.ts'
import { describeTickContract } from './store-contract-ticks.ts'
import { describeTriggerContract } from './store-contract-triggers.ts'
import { describeUpkeepContract } from './store-contract-upkeep.ts'
import { describeWaitingContract } from './store-contract-waiting.ts'
import { describeWorkflowContract } from './store-contract-workflows.ts'

/** One database, and the store objects on it. */
export interface StoreSite {
  readonly clock: FakeClock
  /** A store object; a second one sees the same database unless the factory says why not. */
  open(): Promise<Store>
  /** Closes what is open and removes the database. */
  cleanUp(): Promise<void>
}

export interface StoreFactory {
  /** Why two store objects cannot see one database, or null where they can. */
  readonly cannotShare: string | null
  create(): Promise<StoreSite>
}

export interface ContractContext {
  /** The store of the running test, on an empty database. */
  readonly store: Store
  readonly clock: FakeClock
  /** Another store object on the same database. */
  openAnother(): Promise<Store>
  /** A test that needs two store objects on one database. */
  readonly sharedTest: (title: string, body: () => Promise<void>) => void
}

export function describeStoreContract(name: string, factory: StoreFactory): void {
  describe(`the store contract: ${name}`, () => {
    let site: StoreSite
    let store: Store

    beforeEach(async () => {
      site = await factory.create()
      store = await site.open()
    })
    afterEach(() => site.cleanUp())

    const context: ContractContext = {
      get store() {
        return store
      },
      get clock() {
        return site.clock
      },
      openAnother: () => site.open(),
      sharedTest: (title, body) => {
        test(title, async ({ skip }) => {
          if (factory.cannotShare !== null) skip(factory.cannotShare)
          await body()
        })
      },
    }
    describeTriggerContract(context)
    describeDeclaredContract(context)
    describeTickContract(context)
    describePolicyContract(context)
    describeInstanceContract(context)
    describeHistoryContract(context)
    describeActivityContract(context)
    describeSharingContract(context)
    describeExecutionContract(context)
    describeWorkflowContract(context)
    describeActionContract(context)
    describeAlertContract(context)
    describeLogContract(context)
    describeAttemptContract(context)
    describeSteeringContract(context)
    describeOwnerContract(context)
    describeCronContract(context)
    describeCronTriggerContract(context)
    describeWaitingContract(context)
    describeUpkeepContract(context)
    describeSourceContract(context)
    describeReactorContract(context)
    describeGraphContract(context)
    describeSubscriptionContract(context)
    describeGraphUpkeepContract(context)
  })
}
