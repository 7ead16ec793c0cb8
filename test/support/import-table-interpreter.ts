/** Permitted imports of the border and of the process of an interpreter. Part of `import-table.ts`. */

import type { Row } from './import-rows.ts'

const NODE = [/^node:/]
const ERRORS = /^src\/errors\.ts$/
const BORDER = /^src\/border\//
const PYTHON_BORDER = /^src\/interpreter\/python-border\.ts$/
const PYODIDE = /^pyodide/

export const INTERPRETER_ROWS: readonly Row[] = [
  {
    files: /^src\/border\//,
    reason: 'Both processes load the messages, so the folder imports nothing that belongs to one of them.',
    may: NODE,
  },
  {
    files: /^src\/interpreter\/descriptors\//,
    reason: 'Files, network and children are built on descriptors, so descriptors import none of them.',
    may: [PYODIDE, BORDER, /^src\/native\/handed-files\.ts$/, ...NODE],
    mayTypes: [PYTHON_BORDER],
  },
  {
    files: /^src\/interpreter\/files\//,
    reason: 'Files use descriptors, and the addon locks them and creates named pipes.',
    may: [PYODIDE, /^src\/interpreter\/descriptors\//, /^src\/native\/(file-locks|handed-files)\.ts$/, ...NODE],
    mayTypes: [PYTHON_BORDER],
  },
  {
    files: /^src\/interpreter\/crypto\//,
    reason: 'Digests are computed by Node; only the reading of bytes is shared with descriptors.',
    may: [/^src\/interpreter\/descriptors\/endpoint\.ts$/, ...NODE],
    mayTypes: [PYTHON_BORDER],
  },
  {
    files: /^src\/interpreter\/network\//,
    reason: 'Sockets are descriptors, and need no other room.',
    may: [/^src\/interpreter\/descriptors\//, ...NODE],
    mayTypes: [PYTHON_BORDER],
  },
  {
    files: /^src\/interpreter\/zone\//,
    reason: "The time zone of Python's C library does not depend on the other rooms.",
    may: [BORDER, PYODIDE, ...NODE],
  },
  {
    files: /^src\/interpreter\/pyodide\//,
    reason: 'Pyodide is compiled and restored first, before the other rooms are needed.',
    may: [BORDER, PYODIDE, ...NODE],
  },
  {
    files: /^src\/interpreter\/children\//,
    reason: 'Child processes inherit descriptors, and the addon starts them in process groups.',
    may: [/^src\/interpreter\/descriptors\//, BORDER, /^src\/native\/child-group\.ts$/, ...NODE],
    mayTypes: [PYTHON_BORDER],
  },
  {
    files: /^src\/interpreter\/stacks\//,
    reason: 'How a stack is suspended does not depend on what it waits for.',
    may: [/^src\/interpreter\/text-for-python\.ts$/, BORDER, /^src\/native\/control-thread\.ts$/, PYODIDE, ...NODE],
  },
  {
    files: /^src\/interpreter\/output\//,
    reason: 'Printed text becomes log pieces of the model; the mailbox interrupts a wait for a slow reader.',
    may: [/^src\/(border|output)\//, /^src\/model\/(logs\/log-record|fault)\.ts$/, ...NODE],
    mayTypes: [/^src\/interpreter\/signal-mailbox\.ts$/],
  },
  {
    files: /^src\/interpreter\/restriction\//,
    reason: 'Restricts the other rooms, so it may import each of them.',
    may: [/^src\/(interpreter|border)\//, /^src\/native\/(restriction\/|file-locks\.ts$)/, PYODIDE, ...NODE],
  },
  {
    files: /^src\/interpreter\//,
    reason: 'Connects the rooms of an interpreter, which runs in a process without an engine.',
    may: [
      /^src\/(border|output)\//,
      ERRORS,
      /^src\/native\/(file-locks|control-thread)\.ts$/,
      PYODIDE,
      /^better-sqlite3$/,
      ...NODE,
    ],
  },
]
