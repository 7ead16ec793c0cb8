/** A button that saves the whole log as a text file, page by page, with the filters of stream, level and task. */

import { useEffect, useRef, useState } from 'preact/hooks'
import { read } from '../api/client.ts'
import { showProblem } from '../overlays/toasts.tsx'
import { recordText } from './log-text.ts'
import type { StoredFilter } from './log-view-lines.ts'

const PAGE = 1_000

interface LogDownloadProps {
  readonly id: string
  readonly filter: StoredFilter
}

export function LogDownload({ id, filter }: LogDownloadProps) {
  const [count, setCount] = useState<number | null>(null)
  const abort = useRef(new AbortController())
  useEffect(() => () => abort.current.abort(), [])
  const save = async (): Promise<void> => {
    const { signal } = abort.current
    setCount(0)
    try {
      const readPage = (cursor: string | undefined) =>
        read('/executions/{id}/log', { path: { id }, query: { ...filter, limit: PAGE, cursor }, signal })
      const blob = await wholeLog(readPage, setCount)
      saveAs(blob, `${id}.log`)
    } catch (thrown) {
      if (!signal.aborted) showProblem('Could not download the log', thrown)
    }
    setCount(null)
  }
  return (
    <button type="button" class="quiet small" disabled={count !== null} onClick={() => void save()}>
      {count === null ? 'Download' : `${count.toLocaleString('en')} records …`}
    </button>
  )
}

type LogPage = Awaited<ReturnType<typeof read<'/executions/{id}/log'>>>

/** The browser may move parts of a blob to the disk, so that a large log does not fill the memory. */
async function wholeLog(
  readPage: (cursor: string | undefined) => Promise<LogPage>,
  onRead: (records: number) => void,
): Promise<Blob> {
  const parts: Blob[] = []
  let count = 0
  let cursor: string | undefined
  for (;;) {
    const { items, nextCursor } = await readPage(cursor)
    parts.push(new Blob(items.map(recordText)))
    count += items.length
    onRead(count)
    if (nextCursor === null) return new Blob(parts, { type: 'text/plain' })
    cursor = nextCursor
  }
}

function saveAs(blob: Blob, name: string): void {
  const link = document.createElement('a')
  link.href = URL.createObjectURL(blob)
  link.download = name
  link.click()
  URL.revokeObjectURL(link.href)
}
