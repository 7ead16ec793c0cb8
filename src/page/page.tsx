/** Where the page begins. */

import { render } from 'preact'
import { hearKeys } from './keyboard/keys.ts'
import { connect } from './live/connection.ts'
import { Shell } from './shell/shell.tsx'

const place = document.getElementById('page')
if (place === null) throw new Error('index.html has no element "page".')
hearKeys()
connect()
render(<Shell />, place)
