/** Renders the page. */

import { render } from 'preact'
import { listenToKeys } from './keyboard/keys.ts'
import { connectToServer } from './live/event-connection.ts'
import { Shell } from './shell/shell.tsx'

const place = document.getElementById('page')
if (place === null) throw new Error('index.html has no element "page".') // Uncoded: the browser logs it
listenToKeys()
connectToServer()
render(<Shell />, place)
