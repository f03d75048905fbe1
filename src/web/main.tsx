/** The page begins. */
import { render } from 'preact'
import { App } from './frame/app.tsx'
import { listenToDrops } from './frame/dropped.ts'
import { listenToKeys } from './frame/keys.tsx'
import { followLinks } from './frame/router.ts'
import { applyTheme } from './frame/theme.ts'
import './style/base.css'
import './style/pieces.css'
import './style/places.css'
import './style/mail.css'
import './style/writing.css'
import './style/others.css'

applyTheme()
followLinks()
listenToKeys()
listenToDrops()
const page = document.querySelector('#page')
if (page !== null) {
  page.replaceChildren()
  render(<App />, page)
}
