/** Which screen an address shows. The server answers with the page at these addresses (`http/page.ts`), and nowhere else. */

import type { ComponentType } from 'preact'
import { ExecutionScreen } from '../execution/execution-screen.tsx'
import { ExecutionsScreen } from '../executions/executions-screen.tsx'
import { GraphScreen } from '../reactors/graph-screen.tsx'
import { ReactorScreen } from '../reactors/reactor-screen.tsx'
import { ReactorsScreen } from '../reactors/reactors-screen.tsx'
import { SourceScreen } from '../reactors/source-screen.tsx'
import { SchedulesScreen } from '../schedules/schedules-screen.tsx'
import { SystemScreen } from '../system/system-screen.tsx'
import { TriggerScreen } from '../triggers/trigger-screen.tsx'
import { TriggersScreen } from '../triggers/triggers-screen.tsx'
import { WorkflowScreen } from '../workflows/workflow-screen.tsx'
import { WorkflowsScreen } from '../workflows/workflows-screen.tsx'

export interface ScreenProps {
  /** The parts of the address that have no fixed text, decoded. */
  readonly params: readonly string[]
}

interface Screen {
  readonly pattern: RegExp
  readonly component: ComponentType<ScreenProps>
  /** The part of the navigation that it belongs to. */
  readonly section: string
}

/** In the order of the navigation. */
export const SECTIONS: readonly { readonly to: string; readonly title: string }[] = [
  { to: '/triggers', title: 'Triggers' },
  { to: '/executions', title: 'Executions' },
  { to: '/workflows', title: 'Workflows' },
  { to: '/reactors', title: 'Reactors' },
  { to: '/schedules', title: 'Schedules' },
  { to: '/system', title: 'System' },
]

const SCREENS: readonly Screen[] = [
  { pattern: /^\/(?:triggers)?$/, component: TriggersScreen, section: '/triggers' },
  { pattern: /^\/triggers\/([^/]+)$/, component: TriggerScreen, section: '/triggers' },
  { pattern: /^\/executions$/, component: ExecutionsScreen, section: '/executions' },
  { pattern: /^\/executions\/([^/]+)$/, component: ExecutionScreen, section: '/executions' },
  { pattern: /^\/workflows$/, component: WorkflowsScreen, section: '/workflows' },
  { pattern: /^\/workflows\/([^/]+)$/, component: WorkflowScreen, section: '/workflows' },
  { pattern: /^\/reactors$/, component: ReactorsScreen, section: '/reactors' },
  { pattern: /^\/reactors\/([^/]+)$/, component: ReactorScreen, section: '/reactors' },
  { pattern: /^\/sources\/([^/]+)$/, component: SourceScreen, section: '/reactors' },
  { pattern: /^\/graphs\/([^/]+)$/, component: GraphScreen, section: '/reactors' },
  { pattern: /^\/schedules$/, component: SchedulesScreen, section: '/schedules' },
  { pattern: /^\/system$/, component: SystemScreen, section: '/system' },
]

export interface Found {
  readonly screen: Screen
  readonly params: readonly string[]
}

/** Null where the page has nothing at an address. */
export function screenAt(path: string): Found | null {
  for (const screen of SCREENS) {
    const match = screen.pattern.exec(path)
    if (match !== null) return { screen, params: match.slice(1).map(decoded) }
  }
  return null
}

function decoded(part: string | undefined): string {
  try {
    return decodeURIComponent(part ?? '')
  } catch {
    return part ?? ''
  }
}
